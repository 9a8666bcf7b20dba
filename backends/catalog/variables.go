package catalog

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces each ${NAME} by the variable's value; $${ stands for a plain
// ${. used says whether there was one. The errors name variables, never values.
func expand(raw string, getenv func(string) (string, bool)) (value string, used bool, errs []error) {
	var b strings.Builder
	for {
		at := strings.Index(raw, "${")
		if at < 0 {
			b.WriteString(raw)
			return b.String(), used, errs
		}
		if at > 0 && raw[at-1] == '$' {
			b.WriteString(raw[:at-1] + "${")
			raw = raw[at+2:]
			continue
		}
		b.WriteString(raw[:at])
		name, rest, closed := strings.Cut(raw[at+2:], "}")
		if !closed {
			return "", used, append(errs, fmt.Errorf("${ without its }: write $${ for a plain ${"))
		}
		used = true
		raw = rest
		if !variableName.MatchString(name) {
			errs = append(errs, fmt.Errorf("${%.40s} does not name a variable: write $${ for a plain ${", name))
			continue
		}
		v, ok := getenv(name)
		if !ok {
			errs = append(errs, fmt.Errorf("the environment variable %s is not set: set it, or write $${%s} for the plain text", name, name))
			continue
		}
		b.WriteString(v)
	}
}
