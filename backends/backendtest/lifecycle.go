package backendtest

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

func testLocators(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	m := model("")
	locator := x.Locator(m)
	require.NotEmpty(t, locator)
	require.Equal(t, locator, p.Open(t, "ns").Locator(m), "the same for every handle")
	same := m
	same.Name, same.PricePerMillionTokens, same.QueryPrefix, same.ProviderModel = "another name", 3, "query: ", m.Name
	require.Equal(t, m.Fingerprint(), same.Fingerprint())
	require.Equal(t, locator, x.Locator(same), "the same for the same fingerprint")

	seen := map[string]string{}
	for _, revision := range []string{"", "1", "2", "A", "a", "x y"} {
		l := x.Locator(model(revision))
		require.NotContains(t, seen, l, "%q and %q", revision, seen[l])
		seen[l] = revision
	}
	specs, err := x.Generations(t.Context())
	require.NoError(t, err)
	require.Empty(t, specs, "it only computes")
}

// namespaces whose names are hard to make a table's name of.
var namespaces = []string{
	"ns", "Ns", "NS", "n s", "n-s", "n_s", "n.s", "n/s", "ns ", "", "1", "ключ", "日本語", "👍", `"; DROP TABLE docs; --`, "'", "ns_ns", "a_b", "a", "a_b_c", "a@b",
	strings.Repeat("long", 50), strings.Repeat("long", 50) + "er",
}

func testNamespaces(t *testing.T, p Place[backends.Index]) {
	m := model("")
	locators := map[string]string{}
	for _, ns := range namespaces {
		x := p.Open(t, ns)
		l := x.Locator(m)
		require.NotContains(t, locators, l, "of %q and %q", ns, locators[l])
		locators[l] = ns
		require.NoError(t, create(t, x, m).Upsert(t.Context(), recordsOf("of "+ns)))
	}
	for _, ns := range namespaces {
		x := p.Open(t, ns)
		specs, err := x.Generations(t.Context())
		require.NoError(t, err)
		require.Equal(t, []backends.GenerationSpec{backends.SpecOf(m, x.Locator(m))}, specs, "%q lists its own", ns)
		g, err := x.Open(t.Context(), x.Locator(m))
		require.NoError(t, err)
		require.Equal(t, []string{"of " + ns}, generationSpace(g).sweep(t, backends.Range{}, 10, nil))
	}
	mine, theirs := p.Open(t, "ns"), p.Open(t, "n-s").Locator(m)
	_, err := mine.Open(t.Context(), theirs)
	require.ErrorIs(t, err, backends.ErrNotFound, "another namespace's generation is not there")
	require.ErrorIs(t, mine.Finish(t.Context(), theirs), backends.ErrNotFound)
	require.NoError(t, mine.Drop(t.Context(), theirs))
	_, err = p.Open(t, "n-s").Open(t.Context(), theirs)
	require.NoError(t, err, "and can't be dropped")
}

func testCreate(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	require.NoError(t, x.Ping(t.Context()))
	a := create(t, x, model("a"))
	require.Equal(t, backends.SpecOf(model("a"), x.Locator(model("a"))), a.Spec())
	n, err := a.Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, a.Upsert(t.Context(), recordsOf("1", "2")))

	renamed := model("a")
	renamed.ProviderModel, renamed.Name = renamed.Name, "another name"
	again := create(t, x, renamed)
	require.Equal(t, a.Spec(), again.Spec(), "a spec never changes")
	requireRecords(t, again, recordsOf("1", "2"))

	b := create(t, x, model("b"))
	require.NoError(t, b.Upsert(t.Context(), recordsOf("3")))
	requireRecords(t, a, recordsOf("1", "2"))
	specs, err := p.Open(t, "ns").Generations(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []backends.GenerationSpec{a.Spec(), b.Spec()}, specs)
	require.Less(t, specs[0].Locator, specs[1].Locator, "by locator")
}

func testCreateRefused(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	g := create(t, x, model(""))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("1")))
	spec := g.Spec()
	for name, change := range map[string]func(*backends.GenerationSpec){
		"fingerprint": func(s *backends.GenerationSpec) { s.Fingerprint = model("other").Fingerprint() },
		"dimensions":  func(s *backends.GenerationSpec) { s.Dimensions = 8 },
		"metric":      func(s *backends.GenerationSpec) { s.Metric = backends.Dot },
	} {
		other := spec
		change(&other)
		_, err := x.Create(t.Context(), other)
		require.ErrorIs(t, err, backends.ErrConflict, name)
	}
	requireRecords(t, g, recordsOf("1"))

	limit := backends.MaxDimensions
	if own := x.Traits().MaxDimensions; own > 0 {
		limit = own
	}
	for _, dims := range []int{limit + 1, 0, -1} {
		m := model("large")
		m.Dimensions = dims
		_, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
		require.ErrorIs(t, err, backends.ErrDimension, "%d dimensions", dims)
	}
	specs, err := x.Generations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []backends.GenerationSpec{spec}, specs, "what was refused is not there")

	m := model("largest")
	m.Dimensions = limit
	r := backends.Record{ID: "1", Vector: make([]float32, limit)}
	r.Vector[limit-1] = 1
	largest := create(t, x, m)
	require.NoError(t, largest.Upsert(t.Context(), []backends.Record{r}))
	requireRecords(t, largest, []backends.Record{r})
}

func testCreateRaces(t *testing.T, p Place[backends.Index]) {
	m := model("")
	const racers = 8
	errs := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		x := p.Open(t, "ns")
		wg.Go(func() {
			g, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
			if err == nil {
				err = g.Upsert(t.Context(), recordsOf(number("item", racers)[i]))
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	requireRecords(t, create(t, p.Open(t, "ns"), m), recordsOf(number("item", racers)...))
}

func testOpenFinish(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	m := model("")
	for _, locator := range []string{x.Locator(m), "", "unknown", `"'; --`} {
		_, err := x.Open(t.Context(), locator)
		require.ErrorIs(t, err, backends.ErrNotFound, "%q", locator)
		require.ErrorIs(t, x.Finish(t.Context(), locator), backends.ErrNotFound, "%q", locator)
	}
	g := create(t, x, m)
	require.NoError(t, x.Finish(t.Context(), x.Locator(m)), "also when empty")
	require.NoError(t, g.Upsert(t.Context(), recordsOf(number("item", 50)...)))
	require.NoError(t, x.Finish(t.Context(), x.Locator(m)))
	require.NoError(t, x.Finish(t.Context(), x.Locator(m)), "idempotent")
	opened, err := p.Open(t, "ns").Open(t.Context(), x.Locator(m))
	require.NoError(t, err)
	require.Equal(t, g.Spec(), opened.Spec())
	requireRecords(t, opened, recordsOf(number("item", 50)...))
	require.NoError(t, opened.Upsert(t.Context(), recordsOf("later")), "it is written to after Finish too")
	stamps, err := g.Stamps(t.Context(), []string{"later"})
	require.NoError(t, err)
	require.Len(t, stamps, 1)
}

func testDrop(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	m := model("")
	require.NoError(t, x.Drop(t.Context(), x.Locator(m)), "an unknown locator is no error")
	require.NoError(t, x.Drop(t.Context(), "docs"))
	g, other := create(t, x, m), create(t, x, model("other"))
	require.NoError(t, g.Upsert(t.Context(), recordsOf("1")))
	require.NoError(t, other.Upsert(t.Context(), recordsOf("2")))
	require.NoError(t, p.Open(t, "ns").Drop(t.Context(), x.Locator(m)))
	require.NoError(t, x.Drop(t.Context(), x.Locator(m)), "idempotent")

	ctx := t.Context()
	limit := backends.PageLimit{Items: 1}
	for name, call := range map[string]func() error{
		"Stamps":     func() error { _, err := g.Stamps(ctx, []string{"1"}); return err },
		"Split":      func() error { _, err := g.Split(ctx, "", 1, 1); return err },
		"ReadStamps": func() error { _, err := g.ReadStamps(ctx, backends.Range{}, "", limit); return err },
		"Fetch":      func() error { _, err := g.Fetch(ctx, []string{"1"}); return err },
		"Upsert":     func() error { return g.Upsert(ctx, recordsOf("1")) },
		"Delete":     func() error { return g.Delete(ctx, []string{"1"}) },
		"Count":      func() error { _, err := g.Count(ctx); return err },
		"Search": func() error {
			_, err := g.Search(ctx, backends.Query{Vector: recordsOf("1")[0].Vector, K: 1})
			return err
		},
		"Open":   func() error { _, err := x.Open(ctx, x.Locator(m)); return err },
		"Finish": func() error { return x.Finish(ctx, x.Locator(m)) },
	} {
		require.ErrorIs(t, call(), backends.ErrNotFound, "%s of a dropped generation", name)
	}
	requireRecords(t, other, recordsOf("2"))
	requireRecords(t, create(t, x, m), nil)
}
