package backendtest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// FuzzSource takes any strings for ids, keys and cursors of a source.
func FuzzSource(f *testing.F, h Harness[backends.Source]) {
	fuzzSpace(f, func(t *testing.T) space { return sourceSpace(openSource(t, h.New(t), "docs")) })
}

// FuzzIndex takes any strings for ids, keys and cursors of a generation.
func FuzzIndex(f *testing.F, h Harness[backends.Index]) {
	fuzzSpace(f, func(t *testing.T) space {
		return generationSpace(create(t, h.New(t).Open(t, "docs"), model("")))
	})
}

// fuzzSpace holds a store to this: an id that ValidateID takes is kept, swept,
// split and deleted as what it is, any other is refused; a key or a cursor that
// is not the store's own is refused, or gives a page of what is there.
func fuzzSpace(f *testing.F, fresh func(t *testing.T) space) {
	pairs := [][2]string{
		{"a", "b"},
		{"a", "A"},
		{"é", "e\u0301"},
		{"1", "01"},
		{"", "x"},
		{"a\x00", "a"},
		{"\xff", "\ufffd"},
		{"%", "_"},
		{"\u2028", "\\u2028"},
		{"'", `"`},
		{"a", "a"},
	}
	for _, p := range pairs {
		f.Add(p[0], p[1], "", "", "")
	}
	f.Add("a", "b", "a", "b", "a'")
	f.Add("a", "b", "b", "a", "z")
	f.Add("a", "b", "\xff", "", "a\x00")
	f.Fuzz(func(t *testing.T, a, b, from, to, after string) {
		s := fresh(t)
		err := s.put(t.Context(), a, b)
		want := slices.Compact(slices.Sorted(slices.Values([]string{a, b})))
		if errors.Join(backends.ValidateID(a), backends.ValidateID(b)) != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.NoError(t, s.put(t.Context(), "other"))
			want = []string{"other"}
		} else {
			require.NoError(t, err)
		}
		require.ElementsMatch(t, want, s.sweep(t, backends.Range{}, 1, nil))
		require.ElementsMatch(t, want, s.sweepAll(t, ranges(splitAll(t, s, 1, 10)), 1))

		r := backends.Range{From: backends.Key(from), To: backends.Key(to)}
		limit := backends.PageLimit{Items: 100}
		page, err := s.read(t.Context(), r, backends.Cursor(after), limit)
		if bad := backends.CheckPage(r, backends.Cursor(after), limit); bad != nil || err != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
		} else {
			require.Subset(t, want, page.ids)
			require.Len(t, slices.Compact(slices.Sorted(slices.Values(page.ids))), len(page.ids), "each once")
		}
		if backends.ValidateID(a) == nil {
			require.NoError(t, s.remove(t.Context(), a))
		}
		rest := slices.DeleteFunc(want, func(id string) bool { return id == a })
		require.ElementsMatch(t, rest, s.sweep(t, backends.Range{}, 1, nil))
	})
}

// FuzzRegistry takes any strings for kinds, keys and the bounds of a list.
func FuzzRegistry(f *testing.F, h Harness[backends.Registry]) {
	f.Add("route", "docs", "do", "", "{}")
	f.Add("", "", "", "", "")
	f.Add("a%", "a_b", "a%", "a", "x")
	f.Add("k\x00", "\xff", "\xff", "\x00", "\x00\xff")
	f.Add("k", "[a]*?", "[a]", "[", "é")
	f.Fuzz(func(t *testing.T, kind, key, prefix, after, value string) {
		r := h.New(t).Open(t, "")
		version, err := r.Put(t.Context(), kind, key, 0, []byte(value))
		if err != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		got, text := get(t, r, kind, key)
		require.Equal(t, version, got)
		require.Equal(t, value, text)
		put(t, r, kind, key+"~", 0, value)
		put(t, r, kind+"~", key, 0, value)

		var want []string
		for _, k := range []string{key, key + "~"} {
			if strings.HasPrefix(k, prefix) && k > after {
				want = append(want, k)
			}
		}
		entries, err := r.List(t.Context(), kind, prefix, after, 10)
		require.NoError(t, err)
		var keys []string
		for _, e := range entries {
			require.Equal(t, kind, e.Kind)
			keys = append(keys, e.Key)
		}
		require.Equal(t, want, keys)
		require.NoError(t, r.Delete(t.Context(), kind, key, version))
		got, _ = get(t, r, kind, key)
		require.Zero(t, got)
		got, _ = get(t, r, kind+"~", key)
		require.Positive(t, got, "only what is named goes")
	})
}
