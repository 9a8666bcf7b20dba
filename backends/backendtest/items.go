package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// lookup returns items by id; a duplicate fails the test.
func lookup(t *testing.T, s backends.Source, ids ...string) map[string]backends.Item {
	t.Helper()
	items, err := s.Lookup(t.Context(), ids)
	require.NoError(t, err)
	byID := map[string]backends.Item{}
	for _, item := range items {
		require.NotContains(t, byID, item.ID, "returned twice")
		byID[item.ID] = item
	}
	return byID
}

func testLookup(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems("a", "b", "\ufffd")))
	require.Len(t, lookup(t, s, "a", "b"), 2)
	require.Equal(t, "text of b", lookup(t, s, "b")["b"].Text)
	require.Len(t, lookup(t, s, "a", "unknown", "a", "b", "a"), 2, "duplicates once, unknown ones not")
	require.Empty(t, lookup(t, s))
	require.Empty(t, lookup(t, s, "A", "a ", "", "%", "unknown"))
	for name, id := range badIDs {
		require.Empty(t, lookup(t, s, id), "%s: an id that can't exist is an unknown one", name)
	}
	many := number("item", 3000)
	require.NoError(t, s.PutItems(t.Context(), textItems(many...)))
	require.Len(t, lookup(t, s, append(many, number("unknown", 3000)...)...), 3000)
}

func testPutItems(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems("a", "b")))
	require.NoError(t, s.PutItems(t.Context(), textItems("a", "b")), "idempotent")
	changed := []backends.Item{{ID: "b", Text: "new"}, {ID: "c", Text: "third"}}
	require.NoError(t, s.PutItems(t.Context(), changed))
	require.NoError(t, s.PutItems(t.Context(), nil))
	got := lookup(t, s, "a", "b", "c")
	require.Equal(t, "text of a", got["a"].Text)
	require.Equal(t, "new", got["b"].Text)
	require.Equal(t, "third", got["c"].Text)
	require.Len(t, sourceSpace(s).sweep(t, backends.Range{}, 10, nil), 3)
}

func testPutRefused(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems("a")))
	before := lookup(t, s, "a", "x", "y")
	for name, bad := range badIDs {
		items := []backends.Item{{ID: "x", Text: "1"}, {ID: "a", Text: "changed"}, {ID: bad, Text: "2"}, {ID: "y"}, {ID: ""}}
		err := s.PutItems(t.Context(), items)
		require.ErrorIs(t, err, backends.ErrInvalidInput, name)
		require.Regexp(t, `\b2\b`, err.Error(), "%s: the position of the first bad one", name)
		require.Equal(t, before, lookup(t, s, "a", "x", "y"), "%s: all or none", name)
	}
	require.ErrorIs(t, s.PutItems(cancelled(t), textItems("x")), context.Canceled)
	require.ErrorIs(t, s.DeleteItems(cancelled(t), []string{"a"}), context.Canceled)
	require.Equal(t, before, lookup(t, s, "a", "x", "y"))
}

func testDeleteItems(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems("a", "b", "c")))
	require.NoError(t, s.DeleteItems(t.Context(), []string{"b", "unknown", "b"}))
	require.NoError(t, s.DeleteItems(t.Context(), []string{"b"}), "idempotent")
	require.NoError(t, s.DeleteItems(t.Context(), nil))
	require.NoError(t, s.DeleteItems(t.Context(), []string{"", "%", "a\x00", "a\xff"}), "what can't exist is unknown")
	require.ElementsMatch(t, []string{"a", "c"}, sourceSpace(s).sweep(t, backends.Range{}, 10, nil))
}

func testUglyItems(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems(uglyIDs...)))
	require.ElementsMatch(t, uglyIDs, sourceSpace(s).sweep(t, backends.Range{}, 5, nil))
	got := lookup(t, s, uglyIDs...)
	require.Len(t, got, len(uglyIDs))
	for _, id := range uglyIDs {
		require.Equal(t, "text of "+id, got[id].Text)
		one := lookup(t, s, id)
		require.Len(t, one, 1, "%q alone", id)
		require.Contains(t, one, id)
	}
	for i, id := range uglyIDs {
		require.NoError(t, s.DeleteItems(t.Context(), []string{id}))
		n, exact, err := s.Count(t.Context())
		require.NoError(t, err)
		if exact {
			require.EqualValues(t, len(uglyIDs)-i-1, n, "%q took others with it", id)
		}
	}
	require.Empty(t, sourceSpace(s).sweep(t, backends.Range{}, 5, nil))
}

func testTexts(t *testing.T, p Place[backends.Source], h Harness[backends.Source]) {
	s := openSource(t, p, "docs")
	most := 10 << 20
	if h.MaxTextBytes > 0 {
		most = h.MaxTextBytes
	}
	texts := append([]string{
		"", " ", "\n", "\r\n", "\t x \t", "a\x01b", "naïve e\u0301", "日本語", "👩‍👩‍👧‍👦", "\u202ertl", "\ufeffBOM", "\ufffd", "'", `"`, `\`, "%s %d", "NULL",
		`{"json": true}`, "<b>&amp;</b>", strings.Repeat("x", 64<<10), strings.Repeat("é", most/2),
	}, uglyIDs...)
	var items []backends.Item
	for i, text := range texts {
		items = append(items, backends.Item{ID: fmt.Sprintf("text-%03d", i), Text: text})
	}
	require.NoError(t, s.PutItems(t.Context(), items))
	var swept []backends.Item
	var after backends.Cursor
	for {
		page, err := s.ReadPage(t.Context(), backends.Range{}, after, backends.PageLimit{Items: 10, Bytes: 1 << 20})
		require.NoError(t, err)
		swept = append(swept, page.Items...)
		after = page.Next
		if page.Done {
			break
		}
	}
	slices.SortFunc(swept, func(a, b backends.Item) int { return strings.Compare(a.ID, b.ID) })
	require.Len(t, swept, len(items))
	for i, item := range items {
		require.True(t, item.Text == swept[i].Text, "text %d of %d bytes is not what was put", i, len(item.Text))
		require.Empty(t, swept[i].Defect)
		require.True(t, item.Text == lookup(t, s, item.ID)[item.ID].Text, "text %d, looked up", i)
	}
}

func testPayloads(t *testing.T, p Place[backends.Source], h Harness[backends.Source]) {
	s := openSource(t, p, "docs")
	payloads := [][]byte{
		nil, []byte(`{}`), []byte(`{"b": 1,  "a":[1.50, 1e3], "a": null}`), []byte(`"text"`), []byte(`12`), []byte(`1.0`), []byte(`null`), []byte(` `),
		[]byte(`{"e\u0301":"é 👍 \u0000"}`), []byte("\"" + strings.Repeat("p", 1<<20) + "\""),
	}
	if !h.JSONPayloads {
		payloads = append(payloads, []byte{}, []byte("2026-11-24"), []byte("007"), []byte("plain"), []byte{0}, []byte{0xff, 0, 1}, []byte("a\x00b"))
	}
	var items []backends.Item
	for i, payload := range payloads {
		items = append(items, backends.Item{ID: fmt.Sprintf("payload-%02d", i), Text: "same", Payload: bytes.Clone(payload)})
	}
	require.NoError(t, s.PutItems(t.Context(), items))
	for i := range items {
		for j := range items[i].Payload {
			items[i].Payload[j] = 'x' // the store must have its own
		}
	}
	for i, want := range payloads {
		got := lookup(t, s, items[i].ID)[items[i].ID].Payload
		requirePayload(t, want, got, h.MergesEmptyPayload)
	}
	require.NoError(t, s.PutItems(t.Context(), []backends.Item{{ID: "payload-01", Text: "same"}}))
	requirePayload(t, nil, lookup(t, s, "payload-01")["payload-01"].Payload, h.MergesEmptyPayload)
}

func requirePayload(t *testing.T, want, got []byte, mergesEmpty bool) {
	t.Helper()
	require.True(t, bytes.Equal(want, got), "payload of %d bytes is not what was put: %d bytes", len(want), len(got))
	if !mergesEmpty {
		require.Equal(t, want == nil, got == nil, "no payload is not an empty one")
	}
}
