package weighed_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/weighed"
)

// held is an embedder that answers when it is told to, and counts who waits.
type held struct {
	now, most atomic.Int64
	answer    chan struct{}
	err       error
}

func (h *held) Model() backends.Model           { return backends.Model{Name: "m", Dimensions: 1} }
func (h *held) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{Inputs: 7} }

func (h *held) Embed(_ context.Context, _ backends.Purpose, texts []string) (backends.Embedding, error) {
	now := h.now.Add(1)
	defer h.now.Add(-1)
	for most := h.most.Load(); now > most && !h.most.CompareAndSwap(most, now); most = h.most.Load() {
	}
	<-h.answer
	return backends.Embedding{Vectors: make([][]float32, len(texts)), Tokens: 3}, h.err
}

// The requests of all embedders of a process share one room.
func TestRequestsWaitForRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text int // bytes of each request's one text
		most int64
	}{
		"ordinary texts all at once": {100, 10},
		"large ones a few at once":   {60 << 10, 4},
		"giants alone":               {10 << 20, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				room := weighed.NewRoom(1 << 20)
				h := &held{answer: make(chan struct{})}
				one, other := room.Embedder(h), room.Embedder(h)
				var all sync.WaitGroup
				for i := range 10 {
					e := one
					if i%2 == 1 {
						e = other
					}
					all.Go(func() {
						got, err := e.Embed(t.Context(), backends.Document, []string{strings.Repeat("x", c.text)})
						require.NoError(t, err)
						require.Len(t, got.Vectors, 1)
						require.EqualValues(t, 3, got.Tokens)
					})
				}
				synctest.Wait()
				close(h.answer)
				all.Wait()
				require.Equal(t, c.most, h.most.Load())
			})
		})
	}
}

func TestRoomIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errRefused := errors.New("refused")
		h := &held{answer: make(chan struct{}), err: errRefused}
		e := weighed.NewRoom(1).Embedder(h)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 2)
		for _, c := range []context.Context{t.Context(), ctx} {
			go func() {
				_, err := e.Embed(c, backends.Document, []string{"text"})
				failed <- err
			}()
			synctest.Wait()
		}
		cancel() // of the one that waits
		err := <-failed
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "wait for memory")
		close(h.answer)
		require.ErrorIs(t, <-failed, errRefused)
		_, err = e.Embed(t.Context(), backends.Document, []string{"text"})
		require.ErrorIs(t, err, errRefused, "there is room again")
	})
}

func TestAnEmbedderStaysWhatItIs(t *testing.T) {
	t.Parallel()
	h := &held{}
	e := weighed.NewRoom(0).Embedder(h)
	require.Equal(t, 7, e.Limits().Inputs)
	inner, ok := backends.As[*held](e)
	require.True(t, ok)
	require.Same(t, h, inner)
}
