package cli

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/stores/memory"
)

// insideStore is a store in memory that outlives the world which opens it.
type insideStore struct{ *memory.Store }

func (s insideStore) Source(ns catalog.Namespace) (backends.Source, error) {
	return nil, fmt.Errorf("%w: namespace %s has no source", backends.ErrUnsupported, ns.Name)
}

func (s insideStore) Index(ns catalog.Namespace) (backends.Index, error) {
	return s.Collections(ns.Name), nil
}
func (s insideStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }

func insideWorld(t *testing.T) (*catalog.World, *memory.Store) {
	t.Helper()
	store, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	c := &catalog.Catalog{
		File: "c.yaml",
		Stores: map[string]catalog.StoreSpec{"main": {Name: "main", Open: func(context.Context) (catalog.Store, error) {
			return insideStore{store}, nil
		}}},
		Embedders: map[string]catalog.EmbedderSpec{"e": {Name: "e", Open: func(m backends.Model) (backends.Embedder, error) {
			return hashing.New(m, hashing.Config{})
		}}},
		Models:     map[string]catalog.ModelSpec{},
		Namespaces: map[string]catalog.Namespace{"articles": {Name: "articles", Store: "main", Model: "small"}},
	}
	for name, dimensions := range map[string]int{"small": 32, "large": 64} {
		c.Models[name] = catalog.ModelSpec{Embedder: "e", Model: backends.Model{Name: name, Driver: "hashing", Dimensions: dimensions, Metric: backends.Cosine, Normalized: true}}
	}
	w := catalog.NewWorld(c, catalog.Decorators{})
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w, store
}

// Import, search, diff and repair go to the active collection itself; a store in
// memory is there for one process, so that no script can look at it.
func TestCommandsOnASelfContainedNamespace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, store := insideWorld(t)
	a := &app{output: formatText, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	result := imported{Namespace: "articles"}
	writer, err := a.itemWriter(ctx, w, &result)
	require.NoError(t, err)
	require.NoError(t, writer.PutItems(ctx, []backends.Item{
		{ID: "a", Text: "refunds within thirty days", Payload: []byte(`{"n":1}`)}, {ID: "b", Text: "opening hours"}, {ID: "c"},
	}))
	require.NoError(t, writer.(*collectionWriter).finish(ctx))
	require.True(t, result.First)
	require.EqualValues(t, 2, result.Sync.Written)
	require.Equal(t, "c", result.Refused[0].ID, "an empty text is set aside")

	act, err := openActive(ctx, w, "articles")
	require.NoError(t, err)
	hits, err := act.search(ctx, "refunds", searchOptions{k: 1})
	require.NoError(t, err)
	require.Equal(t, "refunds within thirty days", hits[0].Text)
	require.JSONEq(t, `{"n":1}`, string(hits[0].Payload))
	report, err := a.look(ctx, act)
	require.NoError(t, err)
	require.Zero(t, report.Wrong(), report.Summary())

	app, err := store.Writer(ctx, act.route.Locator)
	require.NoError(t, err)
	require.NoError(t, app.Patch(ctx, "b", func(r *backends.Record) { r.Text = "closing hours" }))
	report, err = a.look(ctx, act)
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Wrong(), "a text that its vector was not made from")
	_, _, err = a.bringUpToDate(ctx, act)
	require.NoError(t, err)
	report, err = a.look(ctx, act)
	require.NoError(t, err)
	require.Zero(t, report.Wrong(), report.Summary())
	got, err := app.Fetch(ctx, "b")
	require.NoError(t, err)
	require.Equal(t, "closing hours", got[0].Text, "a repair makes the vector right, and leaves the text")

	result = imported{Namespace: "articles"}
	writer, err = a.itemWriter(ctx, w, &result)
	require.NoError(t, err)
	require.NoError(t, writer.PutItems(ctx, []backends.Item{{ID: "b", Text: "opening hours"}}))
	require.NoError(t, writer.(*collectionWriter).finish(ctx))
	require.False(t, result.First)
	require.NoError(t, writer.DeleteItems(ctx, []string{"a"}))
	n, err := act.generation.Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

// A person's word writes one version over the other and ends the conflict; where
// the other collection is gone there is nothing to write.
func TestSettleConflict(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, store := insideWorld(t)
	reg := store.Registry()
	index, err := w.Index(ctx, "articles")
	require.NoError(t, err)
	version := func(model, text string) (locator string, put func(text string), read func() string) {
		m, err := w.Model(model)
		require.NoError(t, err)
		g, err := index.Create(ctx, backends.SpecOf(m, index.Locator(m)))
		require.NoError(t, err)
		e, err := w.Embedder(model)
		require.NoError(t, err)
		put = func(text string) {
			p := reconcile.Pair{Target: g, Embedder: e, CopiesPayload: true, Shared: true}
			_, err := reconcile.Put(ctx, p, []backends.Item{{ID: "a", Text: text}}, reconcile.Options{})
			require.NoError(t, err)
		}
		put(text)
		return g.Spec().Locator, put, func() string {
			got, err := g.Fetch(ctx, []string{"a"})
			require.NoError(t, err)
			return got[0].Text
		}
	}
	active, _, ofActive := version("large", "next")
	former, putFormer, ofFormer := version("small", "late")
	found := records.Conflict{
		ID:     "a",
		Active: records.ConflictSide{Locator: active, Version: backends.VersionOf(backends.Item{Text: "next"})},
		Former: records.ConflictSide{Locator: former, Version: backends.VersionOf(backends.Item{Text: "late"})},
	}
	require.NoError(t, records.PutConflict(ctx, reg, "articles", found))
	putFormer("later")
	require.ErrorIs(t, settleConflict(ctx, w, reg, "articles", conflictsOptions{"a", keepFormer}), backends.ErrConflict)
	putFormer("late")
	require.NoError(t, settleConflict(ctx, w, reg, "articles", conflictsOptions{"a", keepFormer}))
	require.Equal(t, "late", ofActive())
	require.Equal(t, "late", ofFormer())
	_, err = records.GetConflict(ctx, reg, "articles", "a")
	require.ErrorIs(t, err, backends.ErrNotFound)

	require.NoError(t, records.PutConflict(ctx, reg, "articles", found))
	require.NoError(t, index.Drop(ctx, former))
	require.ErrorIs(t, settleConflict(ctx, w, reg, "articles", conflictsOptions{"a", keepFormer}), backends.ErrNotFound)
	require.NoError(t, settleConflict(ctx, w, reg, "articles", conflictsOptions{"a", keepActive}))
	_, err = records.GetConflict(ctx, reg, "articles", "a")
	require.ErrorIs(t, err, backends.ErrNotFound)
}
