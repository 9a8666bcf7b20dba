package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/reembed/reembed/backends"
)

// ErrNoEntry is a name that the catalog does not have. Such an error is an
// ErrNotFound as well, and told apart from those of stores: what it needs is
// another name, or another catalog.
var ErrNoEntry = errors.New("no entry of the catalog")

type noEntry struct {
	what, name, file string
	has              []string
}

func (e *noEntry) Error() string {
	return fmt.Sprintf("%s: %s %q is not in %s; it has %s", backends.ErrNotFound, e.what, e.name, e.file, list(e.has))
}

func (e *noEntry) Unwrap() []error { return []error{ErrNoEntry, backends.ErrNotFound} }

// lookup finds an entry by name; the error lists what there is.
func lookup[T any](entries map[string]T, what, name, file string) (T, error) {
	if e, ok := entries[name]; ok {
		return e, nil
	}
	var zero T
	return zero, &noEntry{what, name, file, slices.Sorted(maps.Keys(entries))}
}
