package catalog

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// worldWith is a world of one namespace "docs" over one store that is opened as told.
func worldWith(open func(context.Context) (Store, error), d Decorators) *World {
	return NewWorld(&Catalog{
		File:   "c.yaml",
		Stores: map[string]StoreSpec{"main": {Name: "main", Open: open}},
		Embedders: map[string]EmbedderSpec{"one": {Name: "one", Open: func(m backends.Model) (backends.Embedder, error) {
			return &fakeEmbedder{model: m}, nil
		}}},
		Models:     map[string]ModelSpec{"small": {Model: backends.Model{Name: "small", Dimensions: 2}, Embedder: "one"}},
		Namespaces: map[string]Namespace{"docs": {Name: "docs", Store: "main", Model: "small"}},
	}, d)
}

func TestWorldOpensAStoreOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened atomic.Int32
		store := &fakeStore{}
		w := worldWith(func(context.Context) (Store, error) {
			opened.Add(1)
			<-time.After(time.Second)
			return store, nil
		}, Decorators{})
		got := make(chan error, 10)
		for range cap(got) {
			go func() {
				_, err := w.Registry(t.Context(), "docs")
				got <- err
			}()
		}
		synctest.Wait()
		_, err := w.Namespace("docs")
		require.NoError(t, err)
		_, err = w.Embedder("small")
		require.NoError(t, err, "a slow store holds nobody else up")
		for range cap(got) {
			require.ErrorIs(t, <-got, backends.ErrUnsupported, "the fake's own answer")
		}
		require.Equal(t, int32(1), opened.Load())
		require.NoError(t, w.Close())
		require.True(t, store.closed)
	})
}

func TestWorldTriesAgainWhatFailed(t *testing.T) {
	t.Parallel()
	down := true
	w := worldWith(func(context.Context) (Store, error) {
		if down {
			return nil, backends.ErrUnavailable
		}
		return &fakeStore{}, nil
	}, Decorators{})
	_, err := w.Source(t.Context(), "docs")
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorContains(t, err, `open store "main"`)
	down = false
	_, err = w.Source(t.Context(), "docs")
	require.ErrorIs(t, err, backends.ErrUnsupported)
}

func TestWorldOpensAgainWhenTheFirstCallerGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, giveUp := context.WithCancel(t.Context())
		w := worldWith(func(ctx context.Context) (Store, error) {
			if ctx == first {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return &fakeStore{}, nil
		}, Decorators{})
		go func() { _, _ = w.Index(first, "docs") }()
		synctest.Wait()
		second := make(chan error)
		go func() {
			_, err := w.Index(t.Context(), "docs")
			second <- err
		}()
		synctest.Wait()
		giveUp()
		require.ErrorIs(t, <-second, backends.ErrUnsupported, "the second caller opened it for itself")
	})
}

func TestWorldWaitsNoLongerThanItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		w := worldWith(func(context.Context) (Store, error) { <-let; return &fakeStore{}, nil }, Decorators{})
		go func() { _, _ = w.Source(t.Context(), "docs") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.Source(ctx, "docs")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		close(let)
		synctest.Wait()
	})
}

func TestWorldClosesWhatIsStillOpening(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		store := &fakeStore{err: errors.New("stuck")}
		w := worldWith(func(context.Context) (Store, error) { <-let; return store, nil }, Decorators{})
		go func() { _, _ = w.Source(t.Context(), "docs") }()
		synctest.Wait()
		done := make(chan error)
		go func() { done <- w.Close() }()
		synctest.Wait()
		close(let)
		require.ErrorContains(t, <-done, `close store "main": stuck`)
		require.True(t, store.closed)
		_, err := w.Source(t.Context(), "docs")
		require.ErrorIs(t, err, backends.ErrUnavailable)
	})
}

func TestWorldOutlivesADriverThatPanics(t *testing.T) {
	t.Parallel()
	broken := true
	w := worldWith(func(context.Context) (Store, error) {
		if broken {
			panic("driver")
		}
		return &fakeStore{}, nil
	}, Decorators{})
	require.Panics(t, func() { _, _ = w.Source(t.Context(), "docs") })
	broken = false
	_, err := w.Source(t.Context(), "docs")
	require.ErrorIs(t, err, backends.ErrUnsupported, "opened")
	require.NoError(t, w.Close())
}

func TestWorldNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	w := worldWith(nil, Decorators{})
	_, err := w.Namespace("dosc")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.EqualError(t, err, `not found: namespace "dosc" is not in c.yaml; it has docs`)
	_, err = w.Model("big")
	require.ErrorIs(t, err, backends.ErrNotFound)
	_, err = w.Embedder("big")
	require.ErrorIs(t, err, backends.ErrNotFound)
	_, err = w.Registry(t.Context(), "dosc")
	require.ErrorIs(t, err, backends.ErrNotFound)
}

func TestWorldDecoratesAnEmbedderOnce(t *testing.T) {
	t.Parallel()
	var decorated []string
	w := worldWith(nil, Decorators{Embedder: func(name string, e backends.Embedder) backends.Embedder {
		decorated = append(decorated, name)
		return e
	}})
	one, err := w.Embedder("small")
	require.NoError(t, err)
	two, err := w.Embedder("small")
	require.NoError(t, err)
	require.Same(t, one, two)
	require.Equal(t, []string{"small"}, decorated)
}
