package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRangesFor guards the history against too many ranges, and a fleet against
// too few.
func TestRangesFor(t *testing.T) {
	t.Parallel()
	const least = 2000
	for items, want := range map[int64]struct{ copy, look int }{
		0:           {1, 1},
		1:           {1, 1},
		1_900:       {1, 1},
		4_000:       {2, 1},
		20_000:      {4, 1},
		100_000:     {8, 2},
		1_000_000:   {16, 4},
		10_000_000:  {136, 16},
		32_000_000:  {416, 16},
		100_000_000: {500, 40},
		1 << 40:     {500, 500},
	} {
		require.Equal(t, want.copy, rangesFor(workOf(items, items), least), "a copy of %d items", items)
		require.Equal(t, want.look, rangesFor(workOf(items, 0), least), "a look at %d items", items)
	}
	require.Equal(t, 1, rangesFor(workOf(-1, -5), least), "a poor estimate")
	require.Equal(t, 8, rangesFor(workOf(1_000_000, 50_000), least), "a twentieth is missing")
	before := 0
	for work := int64(1); work < 1<<30; work += work/10 + 1 {
		n := rangesFor(work, least)
		require.GreaterOrEqual(t, n, before, "more work, never fewer ranges")
		before = n
	}
}
