package reconcile_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// A sweep hands back behind a bound, and goes on from its cursor.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	c := newCollections(t, nil)
	for i := range 20 {
		c.old.put(t, fmt.Sprintf("id-%02d", i), fmt.Sprint("text ", i))
	}
	c.copy()
	for i := range 20 {
		c.old.put(t, fmt.Sprintf("id-%02d", i), fmt.Sprint("late ", i))
	}
	var at backends.Cursor
	var all reconcile.Counts
	for n := 1; ; n++ {
		o := c.options(c.new)
		o.MaxItems = 6 // two pages of four
		var reported reconcile.Result
		o.Report = func(r reconcile.Result) { reported = r }
		m := reconcile.Merge{Items: c.old.items, From: c.old.generation, To: c.new.generation, Embedder: sideEmbedder{c.new, c}}
		res, err := reconcile.Sweep(t.Context(), m, backends.Range{}, at, o)
		require.NoError(t, err)
		require.Equal(t, res.Counts, reported.Counts)
		all.Add(res.Counts)
		at = res.Cursor
		if res.Done {
			require.Equal(t, 3, n)
			break
		}
		require.EqualValues(t, 8, res.Counts.Scanned)
	}
	require.EqualValues(t, 20, all.Scanned)
	require.EqualValues(t, 20, all.Written)
	require.Equal(t, c.old.texts(t), c.new.texts(t))
}

// Told to stop in the middle of a page, a sweep stays before it: not all of the
// page was carried.
func TestSweepStopsBeforeWhatItHasNotCarried(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	upserts := 0
	c := newCollections(t, func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
		if call.Operation == "UpsertOver" {
			if upserts++; upserts == 1 {
				close(stop)
			}
		}
		_, err := next(ctx)
		return err
	})
	for i := range 4 {
		c.old.put(t, fmt.Sprintf("id-%02d", i), fmt.Sprint("text ", i))
	}
	o := c.options(c.new)
	o.BatchSize, o.Stop = 1, stop
	m := reconcile.Merge{Items: c.old.items, From: c.old.generation, To: c.new.generation, Embedder: sideEmbedder{c.new, c}}
	res, err := reconcile.Sweep(t.Context(), m, backends.Range{}, "", o)
	require.NoError(t, err)
	require.False(t, res.Done)
	require.Empty(t, res.Cursor)
	res, err = reconcile.Sweep(t.Context(), m, backends.Range{}, res.Cursor, c.options(c.new))
	require.NoError(t, err)
	require.True(t, res.Done)
	require.Equal(t, c.old.texts(t), c.new.texts(t))
}

// Generations that hold no items can't be merged: an error, and nothing is written.
func TestSweepOfOtherGenerations(t *testing.T) {
	t.Parallel()
	c := newCollections(t, nil)
	c.old.put(t, "a", "text")
	plain, err := c.store.Index("other").Create(t.Context(), backends.SpecOf(testModel, c.store.Index("other").Locator(testModel)))
	require.NoError(t, err)
	m := reconcile.Merge{Items: c.old.items, From: c.old.generation, To: plain, Embedder: sideEmbedder{c.new, c}}
	_, err = reconcile.Sweep(t.Context(), m, backends.Range{}, "", reconcile.Options{})
	require.ErrorIs(t, err, backends.ErrUnsupported)
	require.ErrorIs(t, reconcile.Keep(t.Context(), m, reconcile.Conflict{ID: "a"}, reconcile.Options{}), backends.ErrUnsupported)
}

// A person's word does not move a text that the model refuses.
func TestKeepRefused(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	c.old.put(t, "a", "bad")
	c.new.put(t, "a", "next")
	c.merge()
	m := reconcile.Merge{Items: c.old.items, From: c.old.generation, To: c.new.generation, Embedder: sideEmbedder{c.new, c}}
	err := reconcile.Keep(t.Context(), m, c.conflicts["a"], c.options(c.new))
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	require.NotContains(t, err.Error(), "bad")
	requireText(t, "next", c.new, "a")
	m = reconcile.Merge{Items: c.new.items, From: c.new.generation, To: c.old.generation, Embedder: sideEmbedder{c.old, c}}
	found := c.conflicts["a"]
	found.From, found.To = found.To, found.From
	require.NoError(t, reconcile.Keep(t.Context(), m, found, c.options(c.old)))
	requireText(t, "next", c.old, "a")
	require.Zero(t, c.merge().Dirty())
	require.Empty(t, c.conflicts)
}
