package environ

import (
	"slices"
	"strings"
)

// List is an environment as os.Environ gives it: "NAME=value" each. Temporal's
// envconfig and the catalog read it in place of the process's own.
type List []string

// Environ returns all variables.
func (l List) Environ() []string { return l }

// LookupEnv finds a variable, as os.LookupEnv does; of one that is there twice
// the later.
func (l List) LookupEnv(name string) (string, bool) {
	for _, kv := range slices.Backward(l) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// Get is LookupEnv for those who take an absent variable for an empty one.
func (l List) Get(name string) string {
	v, _ := l.LookupEnv(name)
	return v
}
