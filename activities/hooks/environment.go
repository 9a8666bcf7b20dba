package hooks

import (
	"regexp"
	"slices"
	"strings"
)

// secret finds names of variables that hold what a command should not get unasked.
var secret = regexp.MustCompile(`(?i)(KEY|TOKEN|SECRET|PASS|_PWD$|CREDENTIAL|DSN|AUTH)|^TEMPORAL_`)

// login finds an address with a password in it.
var login = regexp.MustCompile(`://[^/?#@\s]*:[^/?#\s]*@`)

// Environment is a worker's environment without what is secret in it: the
// variables that the catalog names, Temporal's, those whose names say so, and
// addresses with a password. A hook that needs one reads it from a file.
func Environment(environ, catalog []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, value, _ := strings.Cut(line, "=")
		return slices.Contains(catalog, name) || secret.MatchString(name) || login.MatchString(value)
	})
}
