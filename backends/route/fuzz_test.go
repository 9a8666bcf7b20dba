package route_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// FuzzRoute takes anything for a stored route: it is refused, or it is a whole
// place to search, and is stored and read again as the same.
func FuzzRoute(f *testing.F) {
	f.Add([]byte(`{"namespace":"docs","generation":1,"locator":"l","model":"m","fingerprint":"f","dimensions":2,"metric":"cosine"}`))
	f.Add([]byte(`{"namespace":"docs","version":-7,"locator":"","dimensions":1e9}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		if len(stored) > backends.MaxEntryBytes {
			return
		}
		reg := newRegistry(t)
		version, err := reg.Put(t.Context(), route.Kind, "docs", 0, stored)
		require.NoError(t, err)
		read, err := route.Get(t.Context(), reg, "docs")
		if err != nil {
			require.NotErrorIs(t, err, backends.ErrNotFound)
			return
		}
		require.Equal(t, "docs", read.Namespace)
		require.NotEmpty(t, read.Locator)
		require.NotEmpty(t, read.Model)
		require.Positive(t, read.Dimensions)
		require.Equal(t, version, read.Version)
		written, err := route.Swap(t.Context(), reg, read.Version, read)
		require.NoError(t, err)
		again, err := route.Get(t.Context(), reg, "docs")
		require.NoError(t, err)
		require.Equal(t, written, again)
		require.True(t, again.Same(read))
	})
}
