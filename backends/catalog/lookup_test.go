package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

// A name that is not in the file is told apart from what a store does not have.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	w := catalog.NewWorld(&catalog.Catalog{
		File: "c.yaml", Models: map[string]catalog.ModelSpec{"b": {}, "a": {}}, Namespaces: map[string]catalog.Namespace{},
	}, catalog.Decorators{})
	_, err := w.Model("c")
	require.ErrorIs(t, err, catalog.ErrNoEntry)
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.EqualError(t, err, `not found: model "c" is not in c.yaml; it has a, b`)
	_, err = w.Registry(t.Context(), "docs")
	require.ErrorIs(t, err, catalog.ErrNoEntry)
	require.EqualError(t, err, `not found: namespace "docs" is not in c.yaml; it has no entry`)
}
