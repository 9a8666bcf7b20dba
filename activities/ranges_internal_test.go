package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRangesFor guards the history against too many ranges, and a fleet against
// too few.
func TestRangesFor(t *testing.T) {
	t.Parallel()
	c := cut{least: 2000}
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
		require.Equal(t, want.copy, c.rangesFor(workOf(items, items)), "a copy of %d items", items)
		require.Equal(t, want.look, c.rangesFor(workOf(items, 0)), "a look at %d items", items)
	}
	require.Equal(t, 1, c.rangesFor(workOf(-1, -5)), "a poor estimate")
	require.Equal(t, 8, c.rangesFor(workOf(1_000_000, 50_000)), "a twentieth is missing")
	before := 0
	for work := int64(1); work < 1<<30; work += work/10 + 1 {
		n := c.rangesFor(work)
		require.GreaterOrEqual(t, n, before, "more work, never fewer ranges")
		before = n
	}
}

// TestRangesOfFastAndSlowEmbedders guards a short copy against ranges whose
// starts cost more than they save, and a slow one against too few for a fleet.
func TestRangesOfFastAndSlowEmbedders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		items   int64
		perItem time.Duration
		want    int
	}{
		{100_000, 0, 8}, // not known
		{100_000, 20 * time.Microsecond, 4},
		{100_000, 75 * time.Microsecond, 4},
		{100_000, 80 * time.Microsecond, 8},
		{100_000, time.Hour, 8},
		{4_000, time.Microsecond, 2}, // few as they are
		{20_000, time.Microsecond, 4},
		{1_000_000, time.Microsecond, 16}, // long as they are
		{1_000_000, 50 * time.Microsecond, 16},
	} {
		c := cut{least: 2000, perItem: tt.perItem}
		require.Equal(t, tt.want, c.rangesFor(workOf(tt.items, tt.items)), "%d items, %s each", tt.items, tt.perItem)
	}
}
