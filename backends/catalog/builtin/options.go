package builtin

import (
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

// optionsOf returns a namespace's options as its driver decoded them. Another
// driver's are a namespace that was put together by hand, for another store.
func optionsOf[T any](ns catalog.Namespace) (T, error) {
	o, ok := ns.Options.(T)
	if !ok {
		return o, fmt.Errorf("%w: namespace %q has options of type %T, its store takes %T", backends.ErrInvalidInput, ns.Name, ns.Options, o)
	}
	return o, nil
}
