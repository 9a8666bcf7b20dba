package backendtest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// Pair is a table of items, and the index of a namespace over it.
type Pair struct {
	Source backends.Source
	Index  backends.Index
}

// ConditionalWriter is the suite of backends.ConditionalWriter. A name opens
// table and namespace of that name.
func ConditionalWriter(t *testing.T, h Harness[Pair]) {
	s := suite[Pair]{t: t, h: h}
	s.run("upsert current", testUpsertCurrent)
	s.run("delete absent", testDeleteAbsent)
	s.run("refused", testConditionalRefused)
	s.run("ugly ids", testConditionalUgly)
	s.run("one step", testConditionalRaces)
}

// current is a pair with its abilities.
type current struct {
	opened
	backends.Generation
	backends.ConditionalWriter
}

func openCurrent(t *testing.T, p Place[Pair]) current {
	t.Helper()
	pair := p.Open(t, "docs")
	items, ok := backends.As[backends.ItemWriter](pair.Source)
	require.True(t, ok, "the suite needs the ItemWriter ability")
	g := create(t, pair.Index, model(""))
	w, ok := backends.As[backends.ConditionalWriter](g)
	require.True(t, ok, "the suite needs the ConditionalWriter ability")
	reopened, err := pair.Index.Open(t.Context(), g.Spec().Locator)
	require.NoError(t, err)
	_, ok = backends.As[backends.ConditionalWriter](reopened)
	require.True(t, ok, "also of a generation that was opened")
	return current{opened{pair.Source, items}, g, w}
}

func testUpsertCurrent(t *testing.T, p Place[Pair]) {
	c := openCurrent(t, p)
	require.NoError(t, c.PutItems(t.Context(), textItems("same", "changed", "gone", "empty")))
	records := recordsOf("same", "changed", "gone", "never there")
	require.NoError(t, c.Upsert(t.Context(), []backends.Record{record("changed", "an old one")}))
	require.NoError(t, c.PutItems(t.Context(), []backends.Item{{ID: "changed", Text: "text of another"}}))
	require.NoError(t, c.DeleteItems(t.Context(), []string{"gone"}))
	for range 2 {
		moved, err := c.UpsertCurrent(t.Context(), records)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"changed", "gone", "never there"}, moved)
		requireRecords(t, c.Generation, append(recordsOf("same"), record("changed", "an old one")))
	}
	moved, err := c.UpsertCurrent(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, moved)
	require.NoError(t, c.PutItems(t.Context(), []backends.Item{{ID: "empty", Text: ""}}))
	moved, err = c.UpsertCurrent(t.Context(), []backends.Record{record("empty", ""), record("changed", "text of another")})
	require.NoError(t, err)
	require.Empty(t, moved)
	requireRecords(t, c.Generation, append(recordsOf("same"), record("changed", "text of another"), record("empty", "")))
}

func testDeleteAbsent(t *testing.T, p Place[Pair]) {
	c := openCurrent(t, p)
	require.NoError(t, c.PutItems(t.Context(), textItems("there", "back")))
	require.NoError(t, c.Upsert(t.Context(), recordsOf("there", "back", "gone", "other")))
	require.NoError(t, c.DeleteItems(t.Context(), []string{"back"}))
	require.NoError(t, c.PutItems(t.Context(), textItems("back")))
	for range 2 {
		there, err := c.DeleteAbsent(t.Context(), []string{"there", "back", "gone", "unknown"})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"there", "back"}, there)
		requireRecords(t, c.Generation, recordsOf("there", "back", "other"))
	}
	there, err := c.DeleteAbsent(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, there)
}

func testConditionalRefused(t *testing.T, p Place[Pair]) {
	c := openCurrent(t, p)
	require.NoError(t, c.PutItems(t.Context(), textItems("a", "b")))
	bad := recordsOf("a", "b")
	bad[1].Vector = bad[1].Vector[:2]
	_, err := c.UpsertCurrent(t.Context(), bad)
	require.ErrorIs(t, err, backends.ErrDimension)
	_, err = c.UpsertCurrent(t.Context(), []backends.Record{record("a", "text of a"), {Vector: bad[0].Vector}})
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	requireRecords(t, c.Generation, nil)
	require.NoError(t, c.Upsert(t.Context(), recordsOf("gone")))
	for name, id := range badIDs {
		there, err := c.DeleteAbsent(t.Context(), []string{id})
		require.NoError(t, err, name)
		require.Empty(t, there, name)
	}
	_, err = c.DeleteAbsent(cancelled(t), []string{"gone"})
	require.Error(t, err)
	_, err = c.UpsertCurrent(cancelled(t), recordsOf("a"))
	require.Error(t, err)
	requireRecords(t, c.Generation, recordsOf("gone"))
	require.NoError(t, p.Open(t, "docs").Index.Drop(t.Context(), c.Spec().Locator))
	_, err = c.UpsertCurrent(t.Context(), recordsOf("a"))
	require.ErrorIs(t, err, backends.ErrNotFound)
	_, err = c.DeleteAbsent(t.Context(), []string{"gone"})
	require.ErrorIs(t, err, backends.ErrNotFound)
}

func testConditionalUgly(t *testing.T, p Place[Pair]) {
	c := openCurrent(t, p)
	require.NoError(t, c.PutItems(t.Context(), textItems(uglyIDs...)))
	moved, err := c.UpsertCurrent(t.Context(), recordsOf(uglyIDs...))
	require.NoError(t, err)
	require.Empty(t, moved)
	requireRecords(t, c.Generation, recordsOf(uglyIDs...))
	for _, id := range uglyIDs[:20] {
		require.NoError(t, c.DeleteItems(t.Context(), []string{id}))
		there, err := c.DeleteAbsent(t.Context(), uglyIDs[:20])
		require.NoError(t, err)
		require.NotContains(t, there, id)
		moved, err := c.UpsertCurrent(t.Context(), recordsOf(id))
		require.NoError(t, err)
		require.Equal(t, []string{id}, moved)
	}
	requireRecords(t, c.Generation, recordsOf(uglyIDs[20:]...))
}

// testConditionalRaces writes what was read a while ago, while the item changes:
// a record's content never goes back, as no older text lands behind a newer one.
func testConditionalRaces(t *testing.T, p Place[Pair]) {
	c, other := openCurrent(t, p), openCurrent(t, p)
	const rounds = 80
	text := func(round int) string { return fmt.Sprintf("text %03d", round) }
	rank := map[string]int{}
	for round := range rounds {
		rank[backends.ContentHash(text(round))] = round
	}
	require.NoError(t, c.PutItems(t.Context(), []backends.Item{{ID: "a", Text: text(0)}}))
	errs := make(chan error, 3)
	written := make(chan struct{})
	var late sync.WaitGroup
	for range 2 {
		late.Go(func() {
			for {
				for round := range rounds {
					if _, err := other.UpsertCurrent(t.Context(), []backends.Record{record("a", text(round))}); err != nil {
						errs <- err
						return
					}
				}
				select {
				case <-written:
					return
				default:
				}
			}
		})
	}
	reached := 0
	for round := range rounds {
		require.NoError(t, c.PutItems(t.Context(), []backends.Item{{ID: "a", Text: text(round)}}))
		stamps, err := c.Stamps(t.Context(), []string{"a"})
		require.NoError(t, err)
		if stamp, ok := stamps["a"]; ok {
			require.GreaterOrEqual(t, rank[stamp.Content], reached, "an older text's vector landed behind a newer one's")
			reached = rank[stamp.Content]
		}
	}
	close(written)
	late.Wait()
	close(errs)
	require.NoError(t, <-errs)
	stamps, err := c.Stamps(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Equal(t, backends.ContentHash(text(rounds-1)), stamps["a"].Content)
}
