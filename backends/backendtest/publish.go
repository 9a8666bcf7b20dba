package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// testPublish is about the ability of an index to show the active generation
// under a name.
func testPublish(t *testing.T, p Place[backends.Index], h Harness[backends.Index]) {
	bare := p.Open(t, "ns")
	if h.Publishing == nil {
		_, can := backends.As[backends.Publisher](bare)
		require.False(t, can, "say in the harness how an index is given a name")
		return
	}
	publisher := func(namespace, name string) backends.Publisher {
		x, can := backends.As[backends.Publisher](h.Publishing(p.Open(t, namespace), name))
		require.True(t, can)
		return x
	}
	first := create(t, bare, model("")).Spec().Locator
	second := create(t, bare, model("2")).Spec().Locator
	other := create(t, p.Open(t, "other"), model("")).Spec().Locator
	x := publisher("ns", "active")

	_, err := x.Published(t.Context())
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.ErrorIs(t, x.Publish(t.Context(), bare.Locator(model("nowhere"))), backends.ErrNotFound)
	require.ErrorIs(t, x.Publish(t.Context(), other), backends.ErrNotFound, "it is another namespace's")
	_, err = x.Published(t.Context())
	require.ErrorIs(t, err, backends.ErrNotFound, "what failed left nothing")

	for _, locator := range []string{first, first, second, first} {
		require.NoError(t, x.Publish(t.Context(), locator))
		shown, err := publisher("ns", "active").Published(t.Context())
		require.NoError(t, err)
		require.Equal(t, locator, shown)
	}
	require.ErrorIs(t, x.Publish(t.Context(), bare.Locator(model("nowhere"))), backends.ErrNotFound)

	thief := publisher("other", "active")
	require.ErrorIs(t, thief.Publish(t.Context(), other), backends.ErrConflict, "the name is another namespace's")
	require.NoError(t, publisher("other", "others").Publish(t.Context(), other))
	shown, err := x.Published(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, shown)

	nameless := publisher("ns", "")
	require.ErrorIs(t, nameless.Publish(t.Context(), first), backends.ErrUnsupported)
	_, err = nameless.Published(t.Context())
	require.ErrorIs(t, err, backends.ErrUnsupported)
}
