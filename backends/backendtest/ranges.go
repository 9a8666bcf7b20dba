package backendtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// testRanges holds Split to its contract; fresh makes an empty space.
func testRanges(t *testing.T, fresh func(t *testing.T) space) {
	for _, n := range []int{0, 1, 2, 9, 10, 11, 20, 21, 95} {
		t.Run(fmt.Sprintf("%d items", n), func(t *testing.T) {
			t.Parallel()
			s := fresh(t)
			ids := number("item", n)
			require.NoError(t, s.put(t.Context(), ids...))
			whole := s.sweep(t, backends.Range{}, 7, nil)
			require.ElementsMatch(t, ids, whole)
			for _, size := range []int{1, 3, 10, 1000} {
				requirePartition(t, s, whole, size)
			}
		})
	}
	t.Run("ugly ids", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.put(t.Context(), uglyIDs...))
		whole := s.sweep(t, backends.Range{}, 7, nil)
		require.ElementsMatch(t, uglyIDs, whole)
		requirePartition(t, s, whole, 1)
		requirePartition(t, s, whole, 4)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.put(t.Context(), "a", "b"))
		for _, bad := range []struct {
			after       backends.Key
			size, limit int
		}{{"", 0, 1}, {"", 1, 0}, {"", -1, 5}, {"", 5, -1}} {
			_, err := s.Split(t.Context(), bad.after, bad.size, bad.limit)
			require.ErrorIs(t, err, backends.ErrInvalidInput, "%+v", bad)
		}
		for _, place := range badPlaces {
			_, err := s.Split(t.Context(), backends.Key(place), 1, 1)
			require.ErrorIs(t, err, backends.ErrInvalidInput, "%q", place)
		}
	})
	t.Run("stay a partition while items come and go", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		old := number("item", 60)
		require.NoError(t, s.put(t.Context(), old...))
		keys, err := s.Split(t.Context(), "", 6, 100)
		require.NoError(t, err)
		require.NotEmpty(t, keys)
		require.NoError(t, s.remove(t.Context(), old...))
		require.Empty(t, s.sweepAll(t, ranges(keys), 3), "boundaries stay usable when nothing is left")
		now := append(number("item", 30), number("also", 30)...)
		now = append(now, number("zebra", 30)...)
		require.NoError(t, s.put(t.Context(), now...))
		require.ElementsMatch(t, now, s.sweepAll(t, ranges(keys), 4))
	})
}

// requirePartition cuts the space in one call and in many, and wants the ranges
// to give back the whole, in its order.
func requirePartition(t *testing.T, s space, whole []string, size int) {
	t.Helper()
	for _, limit := range []int{1, 2, 5, 10_000} {
		keys := splitAll(t, s, size, limit)
		rs := ranges(keys)
		var all []string
		for i, r := range rs {
			ids := s.sweep(t, r, 5, nil)
			all = append(all, ids...)
			if i > 0 && i < len(rs)-1 {
				require.NotEmpty(t, ids, "a range between two boundaries has items")
			}
			require.LessOrEqual(t, len(ids), 4*size, "about size items lie between neighbours")
		}
		require.Equal(t, whole, all, "size %d, limit %d: disjoint, complete, in key order", size, limit)
	}
}

// splitAll takes all boundaries, limit at a time, each call going on from the last.
func splitAll(t *testing.T, s space, size, limit int) []backends.Key {
	t.Helper()
	var keys []backends.Key
	var after backends.Key
	for range 100_000 {
		got, err := s.Split(t.Context(), travelled(t, after), size, limit)
		require.NoError(t, err)
		require.LessOrEqual(t, len(got), limit)
		for _, k := range got {
			require.NotEmpty(t, k, "the open end is no boundary")
			require.NotEqual(t, after, k, "boundaries are greater than after")
			requirePlace(t, string(k))
			after = k
		}
		keys = append(keys, got...)
		if len(got) < limit {
			more, err := s.Split(t.Context(), after, size, limit)
			require.NoError(t, err)
			require.Empty(t, more, "fewer than limit means that no boundary follows")
			return keys
		}
	}
	require.FailNow(t, "the boundaries do not end")
	return nil
}
