package backendtest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// requireRecords wants exactly these records in the generation, by every way of
// reading it. Payloads are left to others.
func requireRecords(t *testing.T, g backends.Generation, want []backends.Record) {
	t.Helper()
	n, err := g.Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(want), n, "count")
	ids := generationSpace(g).sweep(t, backends.Range{}, 1000, nil)
	got := fetch(t, g, ids...)
	stamps, err := g.Stamps(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, stamps, len(want))
	for _, w := range want {
		r, ok := got[w.ID]
		require.True(t, ok, "%q is missing", w.ID)
		require.Equal(t, w.Vector, r.Vector, "vector of %q", w.ID)
		require.Equal(t, w.Stamp, r.Stamp, "stamp of %q", w.ID)
		require.Equal(t, w.Stamp, stamps[w.ID], "stamp of %q", w.ID)
	}
	require.Len(t, got, len(want))
}

// fetch returns records by id; a duplicate fails the test.
func fetch(t *testing.T, g backends.Generation, ids ...string) map[string]backends.Record {
	t.Helper()
	found, err := g.Fetch(t.Context(), ids)
	require.NoError(t, err)
	byID := map[string]backends.Record{}
	for _, r := range found {
		require.NotContains(t, byID, r.ID, "returned twice")
		byID[r.ID] = r
	}
	return byID
}

func testRecords(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	g := create(t, x, model(""))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("a", "b")))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("a", "b")), "idempotent")
	require.NoError(t, g.Upsert(t.Context(), nil))
	requireRecords(t, g, recordsOf("a", "b"))

	other := create(t, p.Open(t, "ns"), model(""))
	changed := record("b", "a new text")
	require.NoError(t, other.Upsert(t.Context(), []backends.Record{changed, record("c", "third")}))
	requireRecords(t, g, []backends.Record{record("a", "text of a"), changed, record("c", "third")})

	stamps, err := g.Stamps(t.Context(), []string{"a", "unknown", "a", "", "a\x00", "\xff", "A"})
	require.NoError(t, err)
	require.Equal(t, map[string]backends.Stamp{"a": record("a", "text of a").Stamp}, stamps)
	require.Len(t, fetch(t, g, "a", "unknown", "a", "b", "", "a\x00", "\xff"), 2)
	for _, none := range [][]string{nil, {"unknown"}} {
		stamps, err = g.Stamps(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, stamps)
		require.Empty(t, fetch(t, g, none...))
	}

	bare := backends.Record{ID: "bare", Vector: []float32{1, 2, 3, 4}}
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{bare}))
	stamps, err = g.Stamps(t.Context(), []string{"bare"})
	require.NoError(t, err)
	require.Equal(t, map[string]backends.Stamp{"bare": {}}, stamps, "a record without a stamp of ours has the zero Stamp")

	many := recordsOf(number("item", 3000)...)
	require.NoError(t, g.Upsert(t.Context(), many))
	requireRecords(t, g, append([]backends.Record{record("a", "text of a"), changed, record("c", "third"), bare}, many...))
}

func testUglyRecords(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	require.NoError(t, g.Upsert(t.Context(), recordsOf(uglyIDs...)))
	requireRecords(t, g, recordsOf(uglyIDs...))
	for i, id := range uglyIDs {
		require.Len(t, fetch(t, g, id), 1, "%q alone", id)
		hits, err := g.Search(t.Context(), backends.Query{Vector: record(id, "text of "+id).Vector, K: len(uglyIDs), Exact: true})
		require.NoError(t, err)
		require.Len(t, hits, len(uglyIDs)-i)
		require.True(t, slices.ContainsFunc(hits, func(h backends.Hit) bool { return h.ID == id }), "%q is found", id)
		require.NoError(t, g.Delete(t.Context(), []string{id}))
		n, err := g.Count(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, len(uglyIDs)-i-1, n, "%q took others with it", id)
	}
}

// testVectors wants each bit back.
func testVectors(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	third := float32(1) / 3
	for i, v := range [][]float32{
		{1, 0, 0, 0},
		{third, -third, 1e-7, 123456.78},
		{math.MaxFloat32, 1, 1, 1},
		{math.SmallestNonzeroFloat32, 1, 0, 0},
		{float32(math.Copysign(0, -1)), 1, 0, 0},
		{0.1, 0.2, 0.3, 0.4},
	} {
		r := backends.Record{ID: fmt.Sprintf("v-%d", i), Vector: slices.Clone(v), Stamp: record("", "x").Stamp}
		require.NoError(t, g.Upsert(t.Context(), []backends.Record{r}))
		r.Vector[0] = 42 // the store must have its own
		got := fetch(t, g, r.ID)[r.ID].Vector
		require.Len(t, got, len(v))
		for j := range v {
			require.Equal(t, math.Float32bits(v[j]), math.Float32bits(got[j]), "component %d of vector %d", j, i)
		}
	}
}

func testRecordPayloads(t *testing.T, p Place[backends.Index], h Harness[backends.Index]) {
	x := p.Open(t, "ns")
	g := create(t, x, model(""))
	payloads := [][]byte{nil, []byte(`{"b": 1,  "a":[1.50]}`), []byte(`"é 👍"`), []byte("\"" + strings.Repeat("p", 1<<20) + "\"")}
	if !h.JSONPayloads {
		payloads = append(payloads, []byte{}, []byte{0xff, 0, 1})
	}
	for i, payload := range payloads {
		r := record(fmt.Sprintf("p-%d", i), "same")
		r.Stamp.Payload = backends.PayloadHash(payload)
		r.Payload = bytes.Clone(payload)
		require.NoError(t, g.Upsert(t.Context(), []backends.Record{r}))
		got := fetch(t, g, r.ID)[r.ID]
		require.Equal(t, r.Stamp, got.Stamp)
		if x.Traits().CopiesPayload {
			requirePayload(t, payload, got.Payload, h.MergesEmptyPayload)
		} else {
			require.Nil(t, got.Payload, "payloads are not copied")
		}
	}
}

func testSetPayload(t *testing.T, p Place[backends.Index], h Harness[backends.Index]) {
	x := p.Open(t, "ns")
	g := create(t, x, model(""))
	before := recordsOf("a", "b")
	before[0].Payload, before[0].Stamp.Payload = []byte(`{"n":1}`), backends.PayloadHash([]byte(`{"n":1}`))
	require.NoError(t, g.Upsert(t.Context(), before))
	next := backends.Record{ID: "a", Stamp: before[0].Stamp, Payload: []byte(`{"n":2}`)}
	next.Stamp.Payload = backends.PayloadHash(next.Payload)
	absent := backends.Record{ID: "absent", Stamp: next.Stamp, Payload: next.Payload}
	if !x.Traits().CopiesPayload {
		require.ErrorIs(t, g.SetPayload(t.Context(), []backends.Record{next}), backends.ErrUnsupported)
		requireRecords(t, g, before)
		return
	}
	require.NoError(t, g.SetPayload(t.Context(), []backends.Record{next, absent}))
	require.NoError(t, g.SetPayload(t.Context(), []backends.Record{next}), "idempotent")
	require.NoError(t, g.SetPayload(t.Context(), nil))
	next.Vector = before[0].Vector
	require.Empty(t, fetch(t, g, "absent"), "ids that don't exist are skipped")
	requireRecords(t, g, []backends.Record{next, before[1]})
	requirePayload(t, next.Payload, fetch(t, g, "a")["a"].Payload, h.MergesEmptyPayload)
	requirePayload(t, nil, fetch(t, g, "b")["b"].Payload, h.MergesEmptyPayload)
}

func testDeleteRecords(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("a", "b", "c", "\ufffd")))
	require.NoError(t, g.Delete(t.Context(), []string{"b", "unknown", "b"}))
	require.NoError(t, g.Delete(t.Context(), []string{"b"}), "idempotent")
	require.NoError(t, g.Delete(t.Context(), nil))
	require.NoError(t, g.Delete(t.Context(), []string{"", "%", "a\x00", "\xff", strings.Repeat("x", 5000)}), "what can't exist is unknown")
	requireRecords(t, g, recordsOf("a", "c", "\ufffd"))
}

// testOneStep reads while others write: vector and stamp of a record are always
// of the same text, and all records of one call change together.
func testOneStep(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	ids := number("item", 20)
	texts := []string{"red", "green", "blue"}
	of := func(text string) []backends.Record {
		out := make([]backends.Record, len(ids))
		for i, id := range ids {
			out[i] = record(id, text)
		}
		return out
	}
	require.NoError(t, g.Upsert(t.Context(), of(texts[0])))
	var wg sync.WaitGroup
	errs := make([]error, len(texts))
	for i, text := range texts {
		wg.Go(func() {
			for range 20 {
				if err := g.Upsert(t.Context(), of(text)); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	valid := map[backends.Stamp][]float32{}
	for _, text := range texts {
		r := record("", text)
		valid[r.Stamp] = r.Vector
	}
	for range 30 {
		for _, r := range fetch(t, g, ids...) {
			require.Equal(t, valid[r.Stamp], r.Vector, "vector and stamp are written in one step")
		}
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	stamps := map[backends.Stamp]bool{}
	for _, r := range fetch(t, g, ids...) {
		stamps[r.Stamp] = true
	}
	require.Len(t, stamps, 1, "all or none of the call's records")
}
