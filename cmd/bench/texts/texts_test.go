package texts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/bench/texts"
)

// Equal texts would be embedded once by reembed and each time by the bare loop.
func TestItemsDifferAndStayTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last, bytes := "", 0
	const n = 5000
	for i := range n {
		item := texts.Item(i)
		require.Equal(t, item, texts.Item(i))
		require.Equal(t, texts.ID(i), item.ID)
		require.Greater(t, item.ID, last, "in the order of their numbers")
		require.False(t, seen[item.Text], item.Text)
		seen[item.Text], last = true, item.ID
		bytes += len(item.Text)
	}
	require.InDelta(t, 300, bytes/n, 15, "bytes of a text")
}
