package backendtest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// SelfContained is the suite of backends.SelfContained and backends.Collection,
// on top of that of backends.Index.
func SelfContained(t *testing.T, h Harness[backends.Index]) {
	Index(t, h)
	s := suite[backends.Index]{t: t, h: h}
	fresh := func(t *testing.T) space { return openCollection(t, h.New(t)).space() }
	t.Run("items: ranges", func(t *testing.T) { t.Parallel(); testRanges(t, fresh) })
	t.Run("items: pages", func(t *testing.T) { t.Parallel(); testPages(t, fresh) })
	t.Run("items: moving", func(t *testing.T) { t.Parallel(); testMoving(t, fresh) })
	s.run("items", testCollectionItems)
	s.run("stamps that don't fit", testStampsCount)
	s.run("held", testHeld)
	s.run("bases", testSetBases)
	s.run("upsert over", testUpsertOver)
	s.run("delete over", testDeleteOver)
	s.run("over races", testOverRaces)
	s.run("adopt", testAdopt)
}

// collected is a collection by all of its faces.
type collected struct {
	backends.Generation
	backends.Collection
	items backends.Source
}

func openCollection(t *testing.T, p Place[backends.Index]) collected {
	t.Helper()
	x := p.Open(t, "ns")
	require.True(t, x.Traits().CopiesPayload, "a collection holds payloads")
	inside, ok := backends.As[backends.SelfContained](x)
	require.True(t, ok)
	c := collected{Generation: create(t, x, model(""))}
	c.Collection, ok = backends.As[backends.Collection](c.Generation)
	require.True(t, ok)
	var err error
	c.items, err = inside.Items(t.Context(), c.Spec().Locator)
	require.NoError(t, err)
	return c
}

func (c collected) space() space {
	s := generationSpace(c.Generation)
	s.Splitter = c.items
	s.read = func(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (idPage, error) {
		p, err := c.items.ReadPage(ctx, r, after, limit)
		page := idPage{next: p.Next, done: p.Done}
		for _, item := range p.Items {
			page.ids = append(page.ids, item.ID)
		}
		return page, err
	}
	return s
}

// held looks at records by id.
func (c collected) held(t *testing.T, ids ...string) map[string]backends.Held {
	t.Helper()
	held, err := c.Held(t.Context(), ids)
	require.NoError(t, err)
	for id, h := range held {
		require.Equal(t, id, h.ID)
		require.NotEmpty(t, h.Revision)
	}
	return held
}

// full is a record that holds a payload and a base as well.
func full(id, text, payload string) backends.Record {
	r := record(id, text)
	if payload != "" {
		r.Payload = []byte(payload)
	}
	r.Stamp.Payload = backends.PayloadHash(r.Payload)
	r.Base = backends.Base{With: "elsewhere", Version: versionOf(text, payload)}
	return r
}

func versionOf(text, payload string) backends.Version {
	return backends.Version{Content: backends.ContentHash(text), Payload: backends.PayloadHash([]byte(payload))}
}

func testCollectionItems(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.items.Ping(t.Context()))
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "one", `{"n":1}`), full("b", "zwei é 👍", "")}))
	want := map[string]backends.Item{
		"a": {ID: "a", Text: "one", Payload: []byte(`{"n":1}`)},
		"b": {ID: "b", Text: "zwei é 👍"},
	}
	require.Equal(t, want, lookup(t, c.items, "a", "b", "unknown", "a"))
	page, err := c.items.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	for _, item := range page.Items {
		require.Equal(t, want[item.ID], item)
	}
	n, exact, err := c.items.Count(t.Context())
	require.NoError(t, err)
	require.True(t, !exact || n == 2)
	got := fetch(t, c.Generation, "a")["a"]
	require.Equal(t, full("a", "one", `{"n":1}`), got, "a record holds all of it")

	inside, _ := backends.As[backends.SelfContained](p.Open(t, "ns"))
	_, err = inside.Items(t.Context(), "no such locator")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.NoError(t, p.Open(t, "ns").Drop(t.Context(), c.Spec().Locator))
	_, err = c.items.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
	require.ErrorIs(t, err, backends.ErrNotFound)
}

// testStampsCount has an application change what a stamp names: a stamp that
// lies is none.
func testStampsCount(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	text, payload, right := full("text", "one", "1"), full("payload", "one", "1"), full("right", "one", "1")
	text.Text, payload.Payload = "another", []byte("2")
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{text, payload, right}))
	cut := right.Stamp
	cut.Payload = ""
	want := map[string]backends.Stamp{"text": {}, "payload": cut, "right": right.Stamp}
	stamps, err := c.Stamps(t.Context(), []string{"text", "payload", "right"})
	require.NoError(t, err)
	require.Equal(t, want, stamps)
	page, err := c.ReadStamps(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	for _, s := range page.Items {
		require.Equal(t, want[s.ID], s.Stamp, s.ID)
	}
	for id, r := range fetch(t, c.Generation, "text", "payload", "right") {
		require.Equal(t, want[id], r.Stamp, id)
	}
	for id, h := range c.held(t, "text", "payload", "right") {
		require.Equal(t, want[id], h.Stamp, id)
	}
}

func testHeld(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	bare := backends.Record{ID: "bare", Text: "two", Vector: []float32{1, 2, 3, 4}}
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "one", "1"), bare}))
	held := c.held(t, "a", "bare", "unknown", "", "a\x00", "\xff", "a")
	require.Len(t, held, 2)
	require.Equal(t, versionOf("one", "1"), held["a"].Version)
	require.Equal(t, full("a", "one", "1").Stamp, held["a"].Stamp)
	require.Equal(t, full("a", "one", "1").Base, held["a"].Base)
	require.True(t, held["a"].Untouched("elsewhere"))
	require.False(t, held["a"].Untouched("somewhere else"))
	require.Equal(t, versionOf("two", ""), held["bare"].Version)
	require.Zero(t, held["bare"].Stamp)
	require.Zero(t, held["bare"].Base)
	require.False(t, held["bare"].Untouched(""), "a record without a base was never seen by anybody")
	require.Equal(t, held, c.held(t, "a", "bare"), "looking changes nothing")
	require.Empty(t, c.held(t))

	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "one", "2")}))
	now := c.held(t, "a")["a"]
	require.NotEqual(t, held["a"].Revision, now.Revision)
	require.False(t, backends.Held{Version: now.Version, Base: held["a"].Base}.Untouched("elsewhere"), "another payload is another version")
}

func testSetBases(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "one", "1"), full("b", "two", "2")}))
	seen := c.held(t, "a", "b")
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("b", "moved", "2")}))
	base := backends.Base{With: "other:with:colons", Version: versionOf("one", "1")}
	bases := map[string]backends.Base{"a": base, "b": base, "absent": base}
	revisions := map[string]string{"a": seen["a"].Revision, "b": seen["b"].Revision, "absent": "1"}
	require.NoError(t, c.SetBases(t.Context(), bases, revisions))
	want := full("a", "one", "1")
	want.Base = base
	require.Equal(t, want, fetch(t, c.Generation, "a")["a"], "nothing but the base")
	require.Equal(t, full("b", "moved", "2"), fetch(t, c.Generation, "b")["b"], "what moved stays")
	require.Empty(t, c.held(t, "absent"))
	require.NoError(t, c.SetBases(t.Context(), nil, nil))

	require.NoError(t, c.SetBases(t.Context(), map[string]backends.Base{"a": {}}, map[string]string{"a": c.held(t, "a")["a"].Revision}))
	require.Zero(t, c.held(t, "a")["a"].Base, "a base can be taken away")
}

func testUpsertOver(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("same", "one", ""), full("moved", "one", ""), full("touched", "one", ""), full("gone", "one", "")}))
	seen := map[string]string{"new": "", "taken": ""}
	for id, h := range c.held(t, "same", "moved", "touched", "gone") {
		seen[id] = h.Revision
	}
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("moved", "two", ""), full("taken", "two", "")}))
	require.NoError(t, c.Delete(t.Context(), []string{"gone"}))
	var records []backends.Record
	for _, id := range []string{"same", "moved", "gone", "new", "taken"} {
		records = append(records, full(id, "three", ""))
	}
	moved, err := c.UpsertOver(t.Context(), records, seen)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"moved", "gone", "taken"}, moved)
	got := fetch(t, c.Generation, "same", "moved", "gone", "new", "taken")
	require.Equal(t, full("same", "three", ""), got["same"])
	require.Equal(t, full("new", "three", ""), got["new"])
	require.Equal(t, full("moved", "two", ""), got["moved"])
	require.Equal(t, full("taken", "two", ""), got["taken"])
	require.NotContains(t, got, "gone")

	short := full("same", "four", "")
	short.Vector = short.Vector[:2]
	_, err = c.UpsertOver(t.Context(), []backends.Record{full("other", "four", ""), short}, map[string]string{})
	require.ErrorIs(t, err, backends.ErrDimension)
	require.Empty(t, c.held(t, "other"), "all or none")
}

func testDeleteOver(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("same", "one", ""), full("moved", "one", ""), full("kept", "one", "")}))
	seen := map[string]string{}
	for id, h := range c.held(t, "same", "moved") {
		seen[id] = h.Revision
	}
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("moved", "two", "")}))
	moved, err := c.DeleteOver(t.Context(), seen)
	require.NoError(t, err)
	require.Equal(t, []string{"moved"}, moved)
	require.Len(t, fetch(t, c.Generation, "same", "moved", "kept"), 2)
	_, err = c.DeleteOver(t.Context(), nil)
	require.NoError(t, err)
}

// testOverRaces has many write over the same sight: of each round one wins.
func testOverRaces(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "none", "")}))
	for round := range 10 {
		seen := map[string]string{"a": c.held(t, "a")["a"].Revision}
		won := make([]bool, 4)
		errs := make([]error, len(won))
		var wg sync.WaitGroup
		for i := range won {
			wg.Go(func() {
				text := strings.Repeat("x", 1+round*len(won)+i)
				moved, err := c.UpsertOver(context.WithoutCancel(t.Context()), []backends.Record{full("a", text, "")}, seen)
				won[i], errs[i] = len(moved) == 0, err
			})
		}
		wg.Wait()
		winners := 0
		for i := range won {
			require.NoError(t, errs[i])
			if won[i] {
				winners++
				text := strings.Repeat("x", 1+round*len(won)+i)
				require.Equal(t, full("a", text, ""), fetch(t, c.Generation, "a")["a"])
			}
		}
		require.Equal(t, 1, winners)
	}
}

func testAdopt(t *testing.T, p Place[backends.Index]) {
	c := openCollection(t, p)
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{full("a", "one", "")}))
	inside, _ := backends.As[backends.SelfContained](p.Open(t, "ns"))
	for range 2 {
		g, err := inside.Adopt(t.Context(), c.Spec())
		require.NoError(t, err, "what is the namespace's already stays")
		require.Len(t, fetch(t, g, "a"), 1)
	}
	other := c.Spec()
	other.Fingerprint = "another"
	_, err := inside.Adopt(t.Context(), other)
	require.ErrorIs(t, err, backends.ErrConflict)
	other = c.Spec()
	other.Locator = "no such collection"
	_, err = inside.Adopt(t.Context(), other)
	require.ErrorIs(t, err, backends.ErrNotFound)
	theirs, _ := backends.As[backends.SelfContained](p.Open(t, "another namespace"))
	_, err = theirs.Adopt(t.Context(), c.Spec())
	require.ErrorIs(t, err, backends.ErrNotFound, "another namespace's is not to be had")
}
