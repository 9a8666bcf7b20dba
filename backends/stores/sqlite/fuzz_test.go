package sqlite_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// FuzzIDs takes any two strings for ids: they are refused, or they are found,
// swept, split and deleted as what they are.
func FuzzIDs(f *testing.F) {
	for _, pair := range [][2]string{{"a", "b"}, {"a", "A"}, {"é", "e\u0301"}, {"1", "01"}, {"", "x"}, {"a\x00", "a"}, {"\xff", "\ufffd"}, {"%", "_"}, {"\u2028", "\\u2028"}, {"'", `"`}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "store.db")})
		require.NoError(t, err)
		defer s.Close()
		docs, err := s.Source(sqlite.Table{Name: "docs"})
		require.NoError(t, err)
		err = docs.PutItems(t.Context(), []backends.Item{{ID: a, Text: "a"}, {ID: b, Text: "b"}})
		if bad := errors.Join(backends.ValidateID(a), backends.ValidateID(b)); bad != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		require.NoError(t, err)
		want := slices.Compact(slices.Sorted(slices.Values([]string{a, b})))
		require.Equal(t, want, ids(sweep(t, docs, 1)))
		keys, err := docs.Split(t.Context(), "", 1, 10)
		require.NoError(t, err)
		require.Len(t, keys, len(want)-1)
		items, err := docs.Lookup(t.Context(), []string{a})
		require.NoError(t, err)
		require.Equal(t, []string{a}, ids(items))
		require.NoError(t, docs.DeleteItems(t.Context(), []string{a}))
		require.Equal(t, slices.DeleteFunc(want, func(id string) bool { return id == a }), ids(sweep(t, docs, 1)))
	})
}

// FuzzPlaces takes any strings for keys and cursors: refused, or a page that is
// inside them.
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
