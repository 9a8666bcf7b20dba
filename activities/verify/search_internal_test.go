package verify

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An exact search of a large generation is slow: their number must not stay the same.
func TestExactSearches(t *testing.T) {
	t.Parallel()
	for records, want := range map[int64]int{0: 20, 1: 20, 25_000: 20, 50_000: 10, 100_000: 5, 1_000_000: 3, 1 << 40: 3} {
		require.Equal(t, want, exactSearches(records), records)
	}
}
