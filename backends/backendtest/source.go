package backendtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// Source is the suite of backends.Source and backends.ItemWriter.
func Source(t *testing.T, h Harness[backends.Source]) {
	s := suite[backends.Source]{t: t, h: h}
	fresh := func(t *testing.T) space { return sourceSpace(openSource(t, h.New(t), "docs")) }
	t.Run("ranges", func(t *testing.T) { t.Parallel(); testRanges(t, fresh) })
	t.Run("pages", func(t *testing.T) { t.Parallel(); testPages(t, fresh) })
	t.Run("moving", func(t *testing.T) { t.Parallel(); testMoving(t, fresh) })
	s.run("page bytes", testPageBytes)
	s.run("ping", testSourcePing)
	s.run("count", testSourceCount)
	s.run("lookup", testLookup)
	s.run("put", testPutItems)
	s.run("put refused", testPutRefused)
	s.run("delete", testDeleteItems)
	s.run("ugly ids", testUglyItems)
	s.run("texts", func(t *testing.T, p Place[backends.Source]) { testTexts(t, p, h) })
	s.run("payloads", func(t *testing.T, p Place[backends.Source]) { testPayloads(t, p, h) })
	s.run("tables are apart", testTablesApart)
	s.run("crash", testSourceCrash)
}

func testSourcePing(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.ErrorIs(t, s.Ping(t.Context()), backends.ErrNotFound, "there is no table yet")
	require.NoError(t, s.PutItems(t.Context(), textItems("a")))
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, p.Open(t, "docs").Ping(t.Context()))
	require.NoError(t, s.DeleteItems(t.Context(), []string{"a"}))
	require.NoError(t, s.Ping(t.Context()), "an empty table is one")
}

func testSourceCount(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	require.NoError(t, s.PutItems(t.Context(), textItems(number("item", 250)...)))
	require.NoError(t, s.DeleteItems(t.Context(), number("item", 50)))
	n, exact, err := s.Count(t.Context())
	require.NoError(t, err)
	if exact {
		require.EqualValues(t, 200, n)
	} else {
		require.NotZero(t, n)
	}
}

func testTablesApart(t *testing.T, p Place[backends.Source]) {
	docs, more := openSource(t, p, "docs"), openSource(t, p, "more")
	require.NoError(t, docs.PutItems(t.Context(), textItems("a", "b")))
	require.NoError(t, more.PutItems(t.Context(), textItems("b", "c")))
	require.NoError(t, docs.DeleteItems(t.Context(), []string{"b", "c"}))
	require.Equal(t, []string{"a"}, sourceSpace(docs).sweep(t, backends.Range{}, 10, nil))
	require.ElementsMatch(t, []string{"b", "c"}, sourceSpace(more).sweep(t, backends.Range{}, 10, nil))
}

func testSourceCrash(t *testing.T, p Place[backends.Source]) {
	s := openSource(t, p, "docs")
	ids := number("item", 40)
	require.NoError(t, s.PutItems(t.Context(), textItems(ids...)))
	require.NoError(t, s.DeleteItems(t.Context(), ids[:5]))
	whole := sourceSpace(s).sweep(t, backends.Range{}, 100, nil)
	page, err := s.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
	require.NoError(t, err)
	keys, err := s.Split(t.Context(), "", 7, 100)
	require.NoError(t, err)
	if p.Crash != nil {
		p.Crash(t)
	}
	s = openSource(t, p, "docs")
	require.Equal(t, whole, sourceSpace(s).sweep(t, backends.Range{}, 100, nil), "what was acknowledged is there")
	require.Equal(t, whole, sourceSpace(s).sweepAll(t, ranges(keys), 3), "keys outlive a crash")
	rest, err := sourceSpace(s).read(t.Context(), backends.Range{}, page.Next, backends.PageLimit{Items: 100})
	require.NoError(t, err)
	require.Equal(t, whole[10:], rest.ids, "cursors outlive a crash")
	require.NoError(t, s.PutItems(t.Context(), textItems("new")), "and it can be written")
}

// cancelled is a context that is over.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
