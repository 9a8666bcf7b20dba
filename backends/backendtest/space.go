package backendtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// space is what a source and a generation have in common: ids that are split
// into ranges, and read by pages.
type space struct {
	backends.Splitter
	read   func(context.Context, backends.Range, backends.Cursor, backends.PageLimit) (idPage, error)
	put    func(context.Context, ...string) error
	remove func(context.Context, ...string) error
}

type idPage struct {
	ids  []string
	next backends.Cursor
	done bool
}

func sourceSpace(s opened) space {
	return space{
		Splitter: s.Source,
		read: func(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (idPage, error) {
			p, err := s.ReadPage(ctx, r, after, limit)
			page := idPage{next: p.Next, done: p.Done}
			for _, item := range p.Items {
				page.ids = append(page.ids, item.ID)
			}
			return page, err
		},
		put: func(ctx context.Context, ids ...string) error { return s.PutItems(ctx, textItems(ids...)) },
		remove: func(ctx context.Context, ids ...string) error {
			return s.DeleteItems(ctx, ids)
		},
	}
}

func generationSpace(g backends.Generation) space {
	return space{
		Splitter: g,
		read: func(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (idPage, error) {
			p, err := g.ReadStamps(ctx, r, after, limit)
			page := idPage{next: p.Next, done: p.Done}
			for _, s := range p.Items {
				page.ids = append(page.ids, s.ID)
			}
			return page, err
		},
		put:    func(ctx context.Context, ids ...string) error { return g.Upsert(ctx, recordsOf(ids...)) },
		remove: func(ctx context.Context, ids ...string) error { return g.Delete(ctx, ids) },
	}
}

// number returns n ids of a prefix, in no order of their own.
func number(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%04d", prefix, i*7919%10000)
	}
	return ids
}

// sweep reads a range to its end, by pages of a size, and holds each page to
// its promises. between, if set, is called behind each page.
func (s space) sweep(t *testing.T, r backends.Range, size int, between func(idPage)) []string {
	t.Helper()
	var all []string
	var after backends.Cursor
	for range 100_000 {
		page, err := s.read(t.Context(), travelled(t, r), travelled(t, after), backends.PageLimit{Items: size})
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.ids), size, "a page ends before it would exceed its limit")
		if len(page.ids) > 0 {
			require.NotEmpty(t, page.next, "the cursor is set, also when Done")
		} else {
			require.True(t, page.done, "a page that is not the last holds at least one item")
		}
		requirePlace(t, string(page.next))
		all = append(all, page.ids...)
		after = page.next
		if page.done {
			return all
		}
		if between != nil {
			between(page)
		}
	}
	require.FailNow(t, "the sweep does not end")
	return nil
}

// ranges makes ranges of boundaries.
func ranges(keys []backends.Key) []backends.Range {
	out := make([]backends.Range, 0, len(keys)+1)
	var from backends.Key
	for _, k := range keys {
		out = append(out, backends.Range{From: from, To: k})
		from = k
	}
	return append(out, backends.Range{From: from})
}

// sweepAll sweeps one range after the other.
func (s space) sweepAll(t *testing.T, rs []backends.Range, size int) []string {
	t.Helper()
	var all []string
	for _, r := range rs {
		all = append(all, s.sweep(t, r, size, nil)...)
	}
	return all
}

// travelled is the value after it went through JSON, as all keys and cursors do.
func travelled[T any](t *testing.T, v T) T {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	var out T
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// requirePlace holds a key or cursor to its promise that it travels in JSON.
func requirePlace(t *testing.T, place string) {
	t.Helper()
	require.True(t, utf8.ValidString(place), "keys and cursors are UTF-8")
	require.NotContains(t, place, "\x00", "keys and cursors have no NUL")
}

// badPlaces are no keys and no cursors of any store.
var badPlaces = []string{"\x00", "a\x00b", "\xff", "a\xc3", strings.Repeat("\xed\xa0\x80", 2)}
