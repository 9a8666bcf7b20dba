package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/stores/memory"
)

// mixed is a world with something of everything to do, forward and backward.
func mixed(t *testing.T) *world {
	w := newWorld(t, memory.Config{CopiesPayload: true})
	w.fill(30)
	w.put(item("id-003", "text 001"), item("id-028", "text 001"), item("id-012", "bad"), item("id-013", ""))
	w.put(backends.Item{ID: "id-005", Text: "text 005", Payload: []byte("new")})
	ours := testModel.Fingerprint()
	w.stored("id-005", "text 005", ours)
	w.stored("id-006", "text 006", ours)
	w.stored("id-012", "former", ours)
	w.stored("gone", "x", ours)
	w.stored("zz-gone", "y", ours)
	return w
}

// sync runs both directions through the script, and returns the first error.
func (w *world) sync(s *faulty.Script, forward, backward backends.Cursor) (f, b reconcile.Result, err error) {
	o := w.options()
	pair := w.pair()
	pair.Source, pair.Target, pair.Embedder = s.Source(w.source), s.Generation(w.target), s.Embedder(w.embedder)
	o.PatienceMax = 1 // nothing is sat out
	if f, err = reconcile.Forward(w.t.Context(), pair, backends.Range{}, forward, o); err != nil {
		return f, b, err
	}
	b, err = reconcile.Backward(w.t.Context(), pair, backends.Range{}, backward, o)
	return f, b, err
}

// Each call of a run fails in turn, before or after its effect. A second run
// from where the first one says it came must leave everything right: so what is
// behind a watermark was done.
func TestEachCallFails(t *testing.T) {
	t.Parallel()
	script := faulty.New()
	w := mixed(t)
	_, _, err := w.sync(script, "", "")
	require.NoError(t, err)
	w.requireRight()
	calls := map[string]int{}
	for _, c := range script.Calls() {
		calls[c.Operation]++
	}
	for _, operation := range []string{"ReadPage", "Stamps", "Embed", "Upsert", "SetPayload", "Delete", "ReadStamps", "Lookup"} {
		require.NotZero(t, calls[operation], "%s is not part of the run", operation)
	}
	for operation, n := range calls {
		for nth := range n {
			for _, when := range []faulty.When{faulty.Before, faulty.After} {
				t.Run(fmt.Sprintf("%s %d %d", operation, nth+1, when), func(t *testing.T) {
					t.Parallel()
					w := mixed(t)
					s := faulty.New(faulty.Fault{Operation: operation, Nth: nth + 1, When: when, Err: backends.ErrUnavailable})
					f, b, err := w.sync(s, "", "")
					if s.Struck() == 0 { // requests and writes may be fewer, as timing has it
						require.NoError(t, err)
					} else {
						require.ErrorIs(t, err, backends.ErrUnavailable)
						require.False(t, f.Done && b.Done)
					}
					s.Clear()
					_, _, err = w.sync(s, f.Cursor, b.Cursor)
					require.NoError(t, err)
					w.requireRight()
				})
			}
		}
	}
}

func TestFenceIsAskedBeforeEachWrite(t *testing.T) {
	t.Parallel()
	errFenced := errors.New("fenced")
	for allowed := range 12 {
		t.Run(fmt.Sprintf("%d writes allowed", allowed), func(t *testing.T) {
			t.Parallel()
			w := mixed(t)
			var asked, wrote atomic.Int64
			count := func(context.Context, faulty.Call) error { wrote.Add(1); return nil }
			s := faulty.New(
				faulty.Fault{Operation: "Upsert", Do: count}, faulty.Fault{Operation: "SetPayload", Do: count},
				faulty.Fault{Operation: "Delete", Do: count},
			)
			o := w.options()
			o.Fence = func(context.Context) error {
				if asked.Add(1) > int64(allowed) {
					return errFenced
				}
				return nil
			}
			take := o.Quarantine
			o.Quarantine = func(ctx context.Context, r reconcile.Refusal) error { wrote.Add(1); return take(ctx, r) }
			pair := w.pair()
			pair.Target = s.Generation(w.target)
			before, err := w.target.Count(t.Context())
			require.NoError(t, err)
			_, err = forwardPair(t, pair, o)
			require.LessOrEqual(t, wrote.Load(), int64(allowed), "written without asking")
			if asked.Load() > int64(allowed) {
				require.ErrorIs(t, err, errFenced)
			}
			if allowed == 0 {
				after, err := w.target.Count(t.Context())
				require.NoError(t, err)
				require.Equal(t, before, after)
				require.Empty(t, w.quarantined)
			}
			_, err = reconcile.Backward(t.Context(), pair, backends.Range{}, "", reconcile.Options{
				Fence: func(context.Context) error { return errFenced },
			})
			require.ErrorIs(t, err, errFenced)
		})
	}
}

// idle returns when everything else in the bubble waits: only then its clock
// moves. Unlike synctest.Wait it may be called by several at once.
func idle() { <-time.After(time.Nanosecond) }

// What other requests answer when one fails is paid for: it is written.
func TestAFailureLetsTheOthersFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(8)
		o := w.options()
		o.Concurrency = 2
		failed := make(chan struct{})
		w.embedder.before = func(ctx context.Context, texts []string) error {
			if texts[0] == "text 000" {
				idle() // the other is under way
				defer close(failed)
				return backends.ErrUnauthorized
			}
			<-failed
			idle() // the failure has come through
			return ctx.Err()
		}
		got, err := w.forward(o)
		require.ErrorIs(t, err, backends.ErrUnauthorized)
		require.EqualValues(t, 4, got.Counts.Written)
		require.Empty(t, got.Cursor)
	})
}

// Regression: the embedders that waited for more work never ended when one of
// them failed while the reader waited for memory.
func TestAFailureWhileTheReaderWaitsForMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(64)
		o := w.options()
		o.MemoryBytes = onePage
		w.embedder.before = func(context.Context, []string) error {
			idle()
			return backends.ErrUnauthorized
		}
		_, err := w.forward(o)
		require.ErrorIs(t, err, backends.ErrUnauthorized)
	})
}

// Regression: a failed embedder closed the way to the writer under the packer's feet.
func TestAFailureWhileThePackerSends(t *testing.T) {
	t.Parallel()
	for range 300 {
		w := newWorld(t, memory.Config{})
		w.fill(60)
		var n atomic.Int64
		w.embedder.before = func(context.Context, []string) error {
			if n.Add(1) == 2 {
				return backends.ErrUnauthorized
			}
			return nil
		}
		_, err := w.forward(w.options())
		require.ErrorIs(t, err, backends.ErrUnauthorized)
	}
}

func TestADeadWriterEndsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(400)
	s := faulty.New(faulty.Fault{Operation: "Upsert", Err: backends.ErrConflict})
	pair := w.pair()
	pair.Target = s.Generation(w.target)
	_, err := forwardPair(t, pair, w.options())
	require.ErrorIs(t, err, backends.ErrConflict, "not what the other stages made of it")
	require.Equal(t, 1, s.Struck(), "it was tried once")
}

func TestCancellationEndsTheRunAtOnce(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ReadPage", "Stamps", "Embed", "Upsert"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(100)
			ctx, cancel := context.WithCancel(t.Context())
			s := faulty.New(faulty.Fault{
				Operation: operation, Hang: true,
				Do: func(context.Context, faulty.Call) error { cancel(); return nil },
			})
			pair := reconcile.Pair{Source: s.Source(w.source), Target: s.Generation(w.target), Embedder: s.Embedder(w.embedder)}
			got, err := reconcile.Forward(ctx, pair, backends.Range{}, "", w.options())
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, got.Done)
		})
	}
}

// The memory in flight is bounded by the budget, not by the corpus.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(400)
		pageWeight := int64(8 * (len("id-000") + len("text 000") + 4*testModel.Dimensions))
		o := w.options()
		o.MemoryBytes = 3 * pageWeight
		var read atomic.Int64
		s := faulty.New(faulty.Fault{Operation: "ReadPage", Do: func(context.Context, faulty.Call) error { read.Add(1); return nil }})
		pair := w.pair()
		pair.Source = s.Source(w.source)
		var once sync.Once
		w.embedder.before = func(context.Context, []string) error {
			idle() // all that can go on has gone on
			once.Do(func() {
				require.LessOrEqual(t, read.Load(), int64(4), "three in flight, and one that waits for memory")
			})
			return nil
		}
		o.Concurrency = 20 // the pipeline itself would take more
		_, err := forwardPair(t, pair, o)
		require.NoError(t, err)
		w.requireRight()
	})
}
