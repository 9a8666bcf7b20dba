package backendtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// testPages holds reading by pages to its contract; fresh makes an empty space.
func testPages(t *testing.T, fresh func(t *testing.T) space) {
	t.Run("each item once", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		ids := number("item", 43)
		require.NoError(t, s.put(t.Context(), ids...))
		whole := s.sweep(t, backends.Range{}, 1000, nil)
		require.ElementsMatch(t, ids, whole)
		for _, size := range []int{1, 2, 42, 43, 44} {
			require.Equal(t, whole, s.sweep(t, backends.Range{}, size, nil), "pages of %d", size)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.put(t.Context(), "a"))
		require.NoError(t, s.remove(t.Context(), "a"))
		page, err := s.read(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
		require.NoError(t, err)
		require.True(t, page.done)
		require.Empty(t, page.ids)
	})
	t.Run("the cursor of the last page has nothing behind it", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.put(t.Context(), number("item", 12)...))
		page, err := s.read(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 100})
		require.NoError(t, err)
		require.True(t, page.done)
		require.NotEmpty(t, page.next)
		page, err = s.read(t.Context(), backends.Range{}, page.next, backends.PageLimit{Items: 100})
		require.NoError(t, err)
		require.True(t, page.done)
		require.Empty(t, page.ids)
	})
	t.Run("cursors outlive their items", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		ids := number("item", 30)
		require.NoError(t, s.put(t.Context(), ids...))
		whole := s.sweep(t, backends.Range{}, 1000, nil)
		for _, at := range []int{1, 10, 29} {
			page, err := s.read(t.Context(), backends.Range{}, "", backends.PageLimit{Items: at})
			require.NoError(t, err)
			require.NoError(t, s.remove(t.Context(), page.ids...))
			rest, err := s.read(t.Context(), backends.Range{}, page.next, backends.PageLimit{Items: 100})
			require.NoError(t, err)
			require.Equal(t, whole[at:], rest.ids)
			require.NoError(t, s.put(t.Context(), page.ids...))
			rest, err = s.read(t.Context(), backends.Range{}, page.next, backends.PageLimit{Items: 100})
			require.NoError(t, err)
			require.Equal(t, whole[at:], rest.ids, "items that come back before the cursor are behind the sweep")
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.put(t.Context(), "a"))
		for _, items := range []int{0, -1} {
			_, err := s.read(t.Context(), backends.Range{}, "", backends.PageLimit{Items: items})
			require.ErrorIs(t, err, backends.ErrInvalidInput)
		}
		for _, place := range badPlaces {
			for _, r := range []backends.Range{{From: backends.Key(place)}, {To: backends.Key(place)}} {
				_, err := s.read(t.Context(), r, "", backends.PageLimit{Items: 1})
				require.ErrorIs(t, err, backends.ErrInvalidInput, "%q", place)
			}
			_, err := s.read(t.Context(), backends.Range{}, backends.Cursor(place), backends.PageLimit{Items: 1})
			require.ErrorIs(t, err, backends.ErrInvalidInput, "%q", place)
		}
	})
}

// testPageBytes is about limit.Bytes, which only sources heed.
func testPageBytes(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	var items []backends.Item
	for i := range 20 {
		items = append(items, backends.Item{
			ID: fmt.Sprintf("item-%02d", i), Text: strings.Repeat("t", 60), Payload: []byte(`"` + strings.Repeat("p", 38) + `"`),
		})
	}
	require.NoError(t, s.PutItems(t.Context(), items))
	for _, c := range []struct{ bytes, want int }{
		{0, 20}, {1, 1}, {99, 1}, {100, 1}, {199, 1}, {200, 2}, {250, 2}, {1999, 19}, {2000, 20}, {1 << 30, 20},
	} {
		page, err := s.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 100, Bytes: c.bytes})
		require.NoError(t, err)
		require.Len(t, page.Items, c.want, "of 100 bytes each in %d bytes", c.bytes)
		require.Equal(t, c.want == len(items), page.Done, "in %d bytes", c.bytes)
	}
	page, err := s.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 3, Bytes: 1000})
	require.NoError(t, err)
	require.Len(t, page.Items, 3, "whichever bound comes first")

	var swept []backends.Item
	var after backends.Cursor
	for !page.Done || after == "" {
		page, err = s.ReadPage(t.Context(), backends.Range{}, after, backends.PageLimit{Items: 100, Bytes: 350})
		require.NoError(t, err)
		require.NotEmpty(t, page.Items)
		swept = append(swept, page.Items...)
		after = page.Next
	}
	require.ElementsMatch(t, items, swept)
}
