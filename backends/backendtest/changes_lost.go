package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

func testChangesLost(t *testing.T, p Place[backends.Source], lose func()) {
	c, other := openCaptured(t, p, "docs"), openCaptured(t, p, "others")
	requireLost := func(consumer string) {
		t.Helper()
		_, err := c.Changes(t.Context(), consumer, "", 10)
		require.ErrorIs(t, err, backends.ErrChangesLost)
		require.ErrorIs(t, c.Acknowledge(t.Context(), consumer, []backends.Change{{ID: "a", Mark: "1"}}), backends.ErrChangesLost)
	}
	requireLost("never subscribed")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	requireLost("never subscribed")
	require.NoError(t, c.Subscribe(t.Context(), "two"))
	require.NoError(t, other.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	other.settle(t, "one")
	c.changed(t, 1, "a")
	other.changed(t, 1, "a")
	have := c.pending(t, "one", 10)

	lose()
	requireLost("one")
	c.changed(t, 2, "a", "b") // an application's writes go on
	requireLost("one")
	requireLost("two")
	counts := c.counts(t)
	require.Contains(t, counts, "one", "who is subscribed, is, whatever was lost")
	require.EqualValues(t, -1, counts["one"])
	require.Equal(t, []string{"a"}, changedIDs(other.pending(t, "one", 10)), "another table's changes are there")

	require.NoError(t, c.Subscribe(t.Context(), "one"), "one whose changes are lost begins anew")
	requireLost("two")
	c.settle(t, "one")
	c.changed(t, 3, "a")
	require.NoError(t, c.Acknowledge(t.Context(), "one", have))
	require.Equal(t, []string{"a"}, changedIDs(c.pending(t, "one", 10)), "old marks acknowledge nothing")
	require.NoError(t, c.Unsubscribe(t.Context(), "two"))
	require.NoError(t, c.Unsubscribe(t.Context(), "one"))
	requireLost("one")
	require.Empty(t, c.counts(t))
}
