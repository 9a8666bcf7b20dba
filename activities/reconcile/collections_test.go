package reconcile_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
	"github.com/reembed/reembed/backends/stores/memory"
)

// side is one collection of a self-contained namespace, and who writes it.
type side struct {
	model      backends.Model
	generation backends.Generation // as the engine has it
	items      backends.Source
	look       backends.Source // the same, as a test has it
	app        *memory.Writer  // as an application has it
	known      map[string]string
}

// collections are a namespace with an old and a new collection.
type collections struct {
	t         *testing.T
	store     *memory.Store
	old, new  *side
	mu        sync.Mutex // of what follows, and of the sides' known: sweeps may run at once
	embedded  int
	conflicts map[string]reconcile.Conflict // From is old, To is new
	fence     func(context.Context) error
}

// newCollections makes both, the new one empty. What the engine asks of them goes
// through in, where that is not nil.
func newCollections(t *testing.T, in intercept.Interceptor) *collections {
	t.Helper()
	store, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	c := &collections{t: t, store: store, conflicts: map[string]reconcile.Conflict{}}
	c.old = c.side("older", 4, in)
	c.new = c.side("newer", 6, in)
	return c
}

func (c *collections) side(name string, dimensions int, in intercept.Interceptor) *side {
	c.t.Helper()
	var x backends.Index = c.store.Collections("ns")
	if in != nil {
		x = intercept.Index(x, in)
	}
	s := &side{
		model: backends.Model{Name: name, Driver: "test", Dimensions: dimensions, Metric: backends.Cosine},
		known: map[string]string{},
	}
	var err error
	s.generation, err = x.Create(c.t.Context(), backends.SpecOf(s.model, x.Locator(s.model)))
	require.NoError(c.t, err)
	s.items, err = c.store.Collections("ns").Items(c.t.Context(), s.locator())
	require.NoError(c.t, err)
	s.look = s.items
	if in != nil {
		s.items = intercept.Source(s.items, in)
	}
	s.app, err = c.store.Writer(c.t.Context(), s.locator())
	require.NoError(c.t, err)
	return s
}

func (s *side) locator() string { return s.generation.Spec().Locator }

// vector is the one of a text by the side's model.
func (s *side) vector(text string) []float32 {
	sum := sha256.Sum256([]byte(s.model.Name + text))
	v := make([]float32, s.model.Dimensions)
	for i := range v {
		v[i] = float32(sum[i]) + 1
	}
	return v
}

// record is what an application writes; with a stamp only if it knows of stamps.
func (s *side) record(id, text, payload string, stamped bool) backends.Record {
	r := backends.Record{ID: id, Text: text, Vector: s.vector(text)}
	if payload != "" {
		r.Payload = []byte(payload)
	}
	if stamped {
		r.Stamp = backends.NewStamp(backends.Item{Text: text, Payload: r.Payload}, s.model.Fingerprint(), true)
	}
	return r
}

func (s *side) put(t *testing.T, id, text string) {
	t.Helper()
	require.NoError(t, s.app.Upsert(t.Context(), s.record(id, text, "", false)))
}

// texts are what the collection holds, by id; payloads stand behind a slash.
func (s *side) texts(t *testing.T) map[string]string {
	t.Helper()
	page, err := s.look.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(t, err)
	all := map[string]string{}
	for _, it := range page.Items {
		all[it.ID] = it.Text
		if it.Payload != nil {
			all[it.ID] += "/" + string(it.Payload)
		}
	}
	return all
}

// embedder is of the side's model. It refuses texts with "bad" in them.
type sideEmbedder struct {
	*side
	of *collections
}

func (e sideEmbedder) Model() backends.Model           { return e.model }
func (e sideEmbedder) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{} }

func (e sideEmbedder) Embed(ctx context.Context, _ backends.Purpose, texts []string) (backends.Embedding, error) {
	var out backends.Embedding
	for _, text := range texts {
		if strings.Contains(text, "bad") {
			return backends.Embedding{}, fmt.Errorf("%w: one of the texts", backends.ErrInvalidInput)
		}
		out.Vectors = append(out.Vectors, e.vector(text))
	}
	e.of.mu.Lock()
	defer e.of.mu.Unlock()
	e.of.embedded += len(texts)
	return out, ctx.Err()
}

func (c *collections) options(to *side) reconcile.Options {
	return reconcile.Options{
		BatchSize: 3, PageItems: 4, Concurrency: 1, Known: maps.Clone(to.known), Fence: c.fence,
		Quarantine: func(_ context.Context, r reconcile.Refusal) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			to.known[r.ID] = r.Content
			return nil
		},
		Recovered: func(_ context.Context, ids []string) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, id := range ids {
				delete(to.known, id)
			}
			return nil
		},
	}
}

func (c *collections) pair() reconcile.Pair {
	return reconcile.Pair{
		Source: c.old.items, Collection: c.old.generation, Target: c.new.generation,
		Embedder: sideEmbedder{c.new, c}, CopiesPayload: true,
	}
}

func (c *collections) forward() (reconcile.Result, error) {
	return reconcile.Forward(c.t.Context(), c.pair(), backends.Range{}, "", c.options(c.new))
}

// copy is a pass before the switch.
func (c *collections) copy() reconcile.Counts {
	c.t.Helper()
	all, err := c.forward()
	require.NoError(c.t, err)
	require.True(c.t, all.Done)
	back, err := reconcile.Backward(c.t.Context(), c.pair(), backends.Range{}, "", c.options(c.new))
	require.NoError(c.t, err)
	require.True(c.t, back.Done)
	all.Counts.Add(back.Counts)
	return all.Counts
}

// sweep is one half of a pass after the switch.
func (c *collections) sweep(from, to *side) (reconcile.Result, error) {
	standing := map[string]bool{}
	c.mu.Lock()
	for id := range c.conflicts {
		standing[id] = true
	}
	c.mu.Unlock()
	return reconcile.Sweep(c.t.Context(), reconcile.Merge{
		Items: from.items, From: from.generation, To: to.generation, Embedder: sideEmbedder{to, c},
		Heal: to == c.old, Standing: standing,
		Conflict: func(_ context.Context, found []reconcile.Conflict) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, f := range found {
				if from == c.new {
					f.From, f.To = f.To, f.From
				}
				c.conflicts[f.ID] = f
			}
			return nil
		},
		Settled: func(_ context.Context, ids []string) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, id := range ids {
				delete(c.conflicts, id)
			}
			return nil
		},
	}, backends.Range{}, "", c.options(to))
}

// mergeAtOnce has both sweeps run beside each other, as the keepers of a soak do.
func (c *collections) mergeAtOnce() {
	c.t.Helper()
	var sweeps sync.WaitGroup
	errs := make([]error, 2)
	sweeps.Go(func() { _, errs[0] = c.sweep(c.old, c.new) })
	sweeps.Go(func() { _, errs[1] = c.sweep(c.new, c.old) })
	sweeps.Wait()
	require.NoError(c.t, errors.Join(errs...))
}

// merge is a pass after the switch: the new collection is the active one.
func (c *collections) merge() reconcile.Counts {
	c.t.Helper()
	var all reconcile.Counts
	for _, way := range [][2]*side{{c.old, c.new}, {c.new, c.old}} {
		res, err := c.sweep(way[0], way[1])
		require.NoError(c.t, err)
		require.True(c.t, res.Done)
		all.Add(res.Counts)
	}
	return all
}

// requireVectors wants each record to have the vector of the text that it holds,
// and those of the old collection a stamp as well: a switch back may come.
func (c *collections) requireVectors() {
	c.t.Helper()
	for _, s := range []*side{c.old, c.new} {
		ids := slices.Sorted(maps.Keys(s.texts(c.t)))
		records, err := s.app.Fetch(c.t.Context(), ids...)
		require.NoError(c.t, err)
		require.Len(c.t, records, len(ids))
		for _, r := range records {
			require.Equal(c.t, s.vector(r.Text), r.Vector, "%s of %s", r.ID, s.model.Name)
		}
	}
}
