package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// lookup finds an entry by name; the error lists what there is.
func lookup[T any](entries map[string]T, what, name, file string) (T, error) {
	if e, ok := entries[name]; ok {
		return e, nil
	}
	var zero T
	names := slices.Sorted(maps.Keys(entries))
	return zero, fmt.Errorf("%w: %s %q is not in %s; it has %s", backends.ErrNotFound, what, name, file, strings.Join(names, ", "))
}
