package hooks

import (
	"regexp"
	"slices"
	"strings"
)

// secret finds names of variables that hold what a command should not get unasked.
var secret = regexp.MustCompile(`(?i)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|DSN|AUTH)|^TEMPORAL_`)

// Environment is a worker's environment without what is secret in it: the
// variables that the catalog names, Temporal's, and those whose names say so. A
// hook that needs one reads it from a file.
func Environment(environ, catalog []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.Contains(catalog, name) || secret.MatchString(name)
	})
}
