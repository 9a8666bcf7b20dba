package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// Index is the suite of backends.Index and backends.Generation.
func Index(t *testing.T, h Harness[backends.Index]) {
	s := suite[backends.Index]{t: t, h: h}
	fresh := func(t *testing.T) space { return generationSpace(create(t, h.New(t).Open(t, "ns"), model(""))) }
	t.Run("ranges", func(t *testing.T) { t.Parallel(); testRanges(t, fresh) })
	t.Run("pages", func(t *testing.T) { t.Parallel(); testPages(t, fresh) })
	t.Run("moving", func(t *testing.T) { t.Parallel(); testMoving(t, fresh) })
	s.run("locators", testLocators)
	s.run("namespaces", testNamespaces)
	s.run("create", testCreate)
	s.run("create refused", testCreateRefused)
	s.run("create races", testCreateRaces)
	s.run("open and finish", testOpenFinish)
	s.run("drop", testDrop)
	s.run("stamps and records", testRecords)
	s.run("ugly ids", testUglyRecords)
	s.run("vectors", testVectors)
	s.run("payloads", func(t *testing.T, p Place[backends.Index]) { testRecordPayloads(t, p, h) })
	s.run("set payload", func(t *testing.T, p Place[backends.Index]) { testSetPayload(t, p, h) })
	s.run("delete", testDeleteRecords)
	s.run("upsert refused", testUpsertRefused)
	s.run("one step", testOneStep)
	s.run("publish", func(t *testing.T, p Place[backends.Index]) { testPublish(t, p, h) })
	s.run("crash", testIndexCrash)
	for _, metric := range []backends.Metric{backends.Cosine, backends.Dot, backends.Euclidean} {
		s.run("search "+string(metric), func(t *testing.T, p Place[backends.Index]) { testSearch(t, p, metric) })
	}
	s.run("search ties", testSearchTies)
	s.run("search moves", testSearchMoves)
	s.run("search refused", testSearchRefused)
}

func testIndexCrash(t *testing.T, p Place[backends.Index]) {
	m := model("")
	g := create(t, p.Open(t, "ns"), m)
	ids := number("item", 40)
	require.NoError(t, g.Upsert(t.Context(), recordsOf(ids...)))
	require.NoError(t, g.Delete(t.Context(), ids[:5]))
	whole := generationSpace(g).sweep(t, backends.Range{}, 100, nil)
	page, err := g.ReadStamps(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
	require.NoError(t, err)
	keys, err := g.Split(t.Context(), "", 7, 100)
	require.NoError(t, err)
	require.NoError(t, p.Open(t, "ns").Finish(t.Context(), g.Spec().Locator))
	if p.Crash != nil {
		p.Crash(t)
	}
	x := p.Open(t, "ns")
	specs, err := x.Generations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []backends.GenerationSpec{backends.SpecOf(m, x.Locator(m))}, specs)
	g, err = x.Open(t.Context(), x.Locator(m))
	require.NoError(t, err)
	require.Equal(t, whole, generationSpace(g).sweep(t, backends.Range{}, 100, nil), "what was acknowledged is there")
	require.Equal(t, whole, generationSpace(g).sweepAll(t, ranges(keys), 3), "keys outlive a crash")
	rest, err := generationSpace(g).read(t.Context(), backends.Range{}, page.Next, backends.PageLimit{Items: 100})
	require.NoError(t, err)
	require.Equal(t, whole[10:], rest.ids, "cursors outlive a crash")
	requireRecords(t, g, recordsOf(ids[5:]...))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("new")), "and it can be written")
}
