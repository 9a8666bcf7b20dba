package backends_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// The stored form of a base is in every collection there is.
func TestBases(t *testing.T) {
	t.Parallel()
	v := backends.VersionOf(backends.Item{Text: "hello world", Payload: []byte("{}")})
	b := backends.Base{With: "a:b", Version: v}
	require.Equal(t, "b1:b94d27b9934d3e08a52e52d7da7dabfa:44136fa355b3678a1146ad16f7e8649e:a:b", b.String())
	require.Equal(t, b, backends.ParseBase(b.String()))
	require.Empty(t, backends.Base{}.String())
	for _, none := range []string{"", "b1", "b1:c:p", "b1:c:p:", "b1::p:w", "b1:c::w", "b2:c:p:w", "r1:f:c:p"} {
		require.Zero(t, backends.ParseBase(none), none)
	}
}

func TestUntouched(t *testing.T) {
	t.Parallel()
	v := backends.Version{Content: "c", Payload: "p"}
	h := backends.Held{Version: v, Base: backends.Base{With: "other", Version: v}}
	require.True(t, h.Untouched("other"))
	require.False(t, h.Untouched("another"))
	h.Payload = "q"
	require.False(t, h.Untouched("other"))
	require.False(t, backends.Held{Version: v}.Untouched(""), "without a base nothing is known")
}
