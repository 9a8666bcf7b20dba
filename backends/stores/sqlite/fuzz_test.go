package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// FuzzPlaces takes any strings for keys and cursors: refused, or the page that
// is inside them by the order of bytes, which is this store's own.
func FuzzPlaces(f *testing.F) {
	s, err := sqlite.Open(f.Context(), sqlite.Config{Path: filepath.Join(f.TempDir(), "store.db")})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Close()) })
	docs, err := s.Source(sqlite.Table{Name: "docs"})
	require.NoError(f, err)
	var all []backends.Item
	for _, id := range []string{"0", "A", "a", "a'", "a b", "b", "é", "👍", "\U0010ffff"} {
		all = append(all, backends.Item{ID: id})
	}
	require.NoError(f, docs.PutItems(f.Context(), all))
	f.Add("a", "b", "a'")
	f.Add("", "", "")
	f.Add("b", "a", "z")
	f.Add("\xff", "", "a\x00")
	f.Fuzz(func(t *testing.T, from, to, after string) {
		r := backends.Range{From: backends.Key(from), To: backends.Key(to)}
		limit := backends.PageLimit{Items: 100}
		page, err := docs.ReadPage(t.Context(), r, backends.Cursor(after), limit)
		if bad := backends.CheckPage(r, backends.Cursor(after), limit); bad != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		require.NoError(t, err)
		var want []string
		for _, item := range all {
			if item.ID >= from && item.ID > after && (to == "" || item.ID < to) {
				want = append(want, item.ID)
			}
		}
		require.ElementsMatch(t, want, ids(page.Items))
		require.True(t, page.Done)
	})
}
