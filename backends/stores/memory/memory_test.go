package memory_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/stores/memory"
)

func sources() backendtest.Harness[backends.Source] {
	return harness(memory.Config{}, func(s *memory.Store, name string) backends.Source { return s.Source(name) })
}

func indexes(c memory.Config) backendtest.Harness[backends.Index] {
	h := harness(c, func(s *memory.Store, name string) backends.Index { return s.Index(name) })
	h.Publishing = func(x backends.Index, name string) backends.Index { return x.(*memory.Index).PublishedAs(name) }
	return h
}

func captures(kind memory.Capture) backendtest.CaptureHarness {
	const most = 3000
	return backendtest.CaptureHarness{
		Harness: harness(memory.Config{}, func(s *memory.Store, name string) backends.Source {
			return s.Table(memory.Table{Name: name, Capture: kind, MaxChanges: most})
		}),
		Lose: map[string]func(*testing.T, backendtest.Place[backends.Source], string){
			"more changes than are kept": func(t *testing.T, p backendtest.Place[backends.Source], table string) {
				w, ok := backends.As[backends.ItemWriter](p.Open(t, table))
				require.True(t, ok)
				items := make([]backends.Item, most+1)
				for i := range items {
					items[i].ID = strconv.Itoa(i)
				}
				require.NoError(t, w.PutItems(t.Context(), items))
			},
		},
	}
}

func pairs() backendtest.Harness[backendtest.Pair] {
	return harness(memory.Config{}, func(s *memory.Store, name string) backendtest.Pair {
		return backendtest.Pair{Source: s.Source(name), Index: s.Index(name).Over(name)}
	})
}

func registries() backendtest.Harness[backends.Registry] {
	return harness(memory.Config{}, func(s *memory.Store, _ string) backends.Registry { return s.Registry() })
}

func TestSource(t *testing.T) {
	t.Parallel()
	backendtest.Source(t, sources())
}

func TestIndex(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]memory.Config{"plain": {}, "copies payload": {CopiesPayload: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backendtest.Index(t, indexes(c))
		})
	}
}

func TestCollections(t *testing.T) {
	t.Parallel()
	h := harness(memory.Config{}, func(s *memory.Store, name string) backends.Index { return s.Collections(name) })
	h.Publishing = func(x backends.Index, name string) backends.Index {
		return &memory.Collections{Index: x.(*memory.Collections).PublishedAs(name)}
	}
	backendtest.SelfContained(t, h)
}

// An application's collection becomes the namespace's, as it is.
func TestAdoptWhatAnApplicationFilled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store, err := memory.Open(ctx, memory.Config{})
	require.NoError(t, err)
	docs := store.MakeCollection("Docs", 2, backends.Cosine)
	require.NoError(t, docs.Upsert(ctx, backends.Record{ID: "a", Text: "one", Vector: []float32{1, 0}, Base: backends.Base{With: "x"}}))
	require.NoError(t, docs.Patch(ctx, "a", func(r *backends.Record) { r.Text = "two" }))
	require.ErrorIs(t, docs.Patch(ctx, "b", func(*backends.Record) {}), backends.ErrNotFound)
	require.ErrorIs(t, docs.Patch(ctx, "a", func(r *backends.Record) { r.Vector = nil }), backends.ErrDimension)

	x := store.Collections("ns")
	specs, err := x.Generations(ctx)
	require.NoError(t, err)
	require.Empty(t, specs, "it is nobody's yet")
	m := backends.Model{Name: "m", Dimensions: 2, Metric: backends.Cosine}
	g, err := x.Adopt(ctx, backends.SpecOf(m, "Docs"))
	require.NoError(t, err)
	require.Equal(t, m.Fingerprint(), g.Spec().Fingerprint)
	specs, err = x.Generations(ctx)
	require.NoError(t, err)
	require.Equal(t, []backends.GenerationSpec{g.Spec()}, specs)
	records, err := g.Fetch(ctx, []string{"a"})
	require.NoError(t, err)
	require.Equal(t, []backends.Record{{ID: "a", Text: "two", Vector: []float32{1, 0}}}, records, "an application writes no base")
	hits, err := docs.Search(ctx, backends.Query{Vector: []float32{1, 0}, K: 1})
	require.NoError(t, err)
	require.Len(t, hits, 1)
	require.NoError(t, docs.Delete(ctx, "a"))
	records, err = docs.Fetch(ctx, "a")
	require.NoError(t, err)
	require.Empty(t, records)
	_, err = store.Writer(ctx, "nothing")
	require.ErrorIs(t, err, backends.ErrNotFound)
}

func TestCapture(t *testing.T) {
	t.Parallel()
	for _, kind := range []memory.Capture{memory.CaptureJournal, memory.CaptureChangedAt} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			backendtest.Capture(t, captures(kind))
		})
	}
}

func TestCaptureIsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	s, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	for kind, deletes := range map[memory.Capture]bool{memory.CaptureJournal: true, memory.CaptureChangedAt: false} {
		c, ok := backends.As[backends.Capture](s.Table(memory.Table{Name: "docs", Capture: kind}))
		require.True(t, ok)
		require.Equal(t, backends.CaptureTraits{Kind: backends.CaptureKind(kind), Deletes: deletes}, c.CaptureTraits())
	}
	_, ok := backends.As[backends.Capture](s.Table(memory.Table{Name: "docs", Capture: memory.CaptureNone}))
	require.False(t, ok)
	g, err := s.Index("ns").Create(t.Context(), backends.GenerationSpec{Locator: "ns@f", Dimensions: 2})
	require.NoError(t, err)
	_, ok = backends.As[backends.ConditionalWriter](g)
	require.False(t, ok, "an index that knows no table can't look")
}

func TestConditionalWriter(t *testing.T) {
	t.Parallel()
	backendtest.ConditionalWriter(t, pairs())
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	backendtest.Registry(t, registries())
}

func FuzzSource(f *testing.F) { backendtest.FuzzSource(f, sources()) }

func FuzzCapture(f *testing.F) { backendtest.FuzzCapture(f, captures(memory.CaptureJournal).Harness) }

func FuzzIndex(f *testing.F) { backendtest.FuzzIndex(f, indexes(memory.Config{})) }

func FuzzRegistry(f *testing.F) { backendtest.FuzzRegistry(f, registries()) }

func harness[T any](c memory.Config, open func(*memory.Store, string) T) backendtest.Harness[T] {
	return backendtest.Harness[T]{New: func(t *testing.T) backendtest.Place[T] {
		s, err := memory.Open(t.Context(), c)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return backendtest.Place[T]{Open: func(_ *testing.T, name string) T { return open(s, name) }}
	}}
}
