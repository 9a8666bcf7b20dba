package reconcile_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/stores/memory"
)

func throttled(after time.Duration) error {
	return &backends.ThrottledError{After: after, Err: backends.ErrThrottled}
}

func TestShortThrottlingIsSatOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4)
		s := faulty.New(faulty.Fault{Operation: "Embed", Nth: 1, Err: throttled(4 * time.Second)})
		pair := w.pair()
		pair.Embedder = s.Embedder(w.embedder)
		begin := time.Now()
		got, err := forwardPair(t, pair, w.options())
		require.NoError(t, err)
		require.True(t, got.Done)
		require.Equal(t, 4*time.Second, time.Since(begin))
		require.EqualValues(t, 1, got.Counts.Requests, "what was refused is not counted")
		w.requireRight()
	})
}

func TestWaitsGrowAndEndWithPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4)
		s := faulty.New(faulty.Fault{Operation: "Embed", Err: backends.ErrUnavailable})
		pair := w.pair()
		pair.Embedder = s.Embedder(w.embedder)
		begin := time.Now()
		_, err := forwardPair(t, pair, w.options())
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.LessOrEqual(t, time.Since(begin), 10*time.Second)
		require.Greater(t, s.Struck(), 3)
		require.Less(t, s.Struck(), 40, "a storm of requests")
	})
}

func TestLongThrottlingIsTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4)
		s := faulty.New(faulty.Fault{Operation: "Embed", Err: throttled(time.Minute)})
		pair := w.pair()
		pair.Embedder = s.Embedder(w.embedder)
		begin := time.Now()
		_, err := forwardPair(t, pair, w.options())
		require.ErrorIs(t, err, backends.ErrThrottled)
		require.Equal(t, time.Minute, backends.RetryAfter(err))
		require.Zero(t, time.Since(begin), "it waited although the wait is too long")
	})
}

func TestErrorsThatWaitingDoesNotMend(t *testing.T) {
	t.Parallel()
	for _, sentinel := range []error{backends.ErrUnauthorized, backends.ErrQuotaExhausted, backends.ErrUnknownModel} {
		t.Run(sentinel.Error(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(4)
			s := faulty.New(faulty.Fault{Operation: "Embed", Err: sentinel})
			pair := w.pair()
			pair.Embedder = s.Embedder(w.embedder)
			_, err := forwardPair(t, pair, w.options())
			require.ErrorIs(t, err, sentinel)
			require.Equal(t, 1, s.Struck())
		})
	}
}

func TestARequestThatHangsIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4)
		s := faulty.New(faulty.Fault{Operation: "Embed", Nth: 1, Hang: true})
		pair := w.pair()
		pair.Embedder = s.Embedder(w.embedder)
		o := w.options()
		o.RequestTimeout = 3 * time.Second
		_, err := forwardPair(t, pair, o)
		require.NoError(t, err, "the second try answers")
		w.requireRight()

		w.fill(8)
		s.Add(faulty.Fault{Operation: "Embed", Hang: true})
		_, err = forwardPair(t, pair, o)
		require.ErrorIs(t, err, backends.ErrUnavailable)
	})
}

func TestAWriteThatHangsIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4)
		s := faulty.New(faulty.Fault{Operation: "Upsert", Hang: true})
		pair := w.pair()
		pair.Target = s.Generation(w.target)
		begin := time.Now()
		_, err := forwardPair(t, pair, w.options())
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.Equal(t, time.Minute, time.Since(begin))

		begin = time.Now()
		o := w.options()
		o.WriteTimeout = 15 * time.Second
		_, err = forwardPair(t, pair, o)
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.Equal(t, 15*time.Second, time.Since(begin), "what the store says that it takes")
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(200)
		w.embedder.before = func(context.Context, []string) error {
			<-time.After(time.Second) // of the bubble's clock
			return nil
		}
		o := w.options()
		o.Budget, o.Concurrency, o.MemoryBytes = 10*time.Second, 2, onePage
		begin := time.Now()
		got, err := w.forward(o)
		require.NoError(t, err)
		require.False(t, got.Done)
		require.InDelta(t, 11, time.Since(begin).Seconds(), 2)
		require.InDelta(t, 80, got.Counts.Written, 16)
		require.Equal(t, got.Counts.Scanned, got.Counts.Written, "what was begun was finished")

		o.Budget = 0
		rest, err := reconcile.Forward(t.Context(), w.pair(), backends.Range{}, got.Cursor, o)
		require.NoError(t, err)
		require.EqualValues(t, 200, got.Counts.Written+rest.Counts.Written)
		w.requireRight()
	})
}

// Where vectors are long, pages of a thousand items left no memory to read the
// next one while one was embedded, and embedders stood idle at the end of each.
func TestEmbeddersAreBusyWhereVectorsAreLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Config{})
		w.fill(4000)
		w.embedder.before = func(context.Context, []string) error {
			<-time.After(time.Second) // of the bubble's clock
			return nil
		}
		begin := time.Now()
		got, err := w.forward(reconcile.Options{BatchSize: 100, Concurrency: 4, MemoryBytes: 150_000}) // 75 bytes an item
		require.NoError(t, err)
		require.EqualValues(t, 4000, got.Counts.Written)
		require.LessOrEqual(t, time.Since(begin), 10500*time.Millisecond, "40 requests, four at once")
	})
}

func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   string // the call that is under way when Stop is closed
		err  error  // of that call
		hang bool
	}{
		{name: "while a request is under way", at: "Embed"},
		{name: "while a throttled request waits", at: "Embed", err: throttled(8 * time.Second)},
		{name: "while a page is read", at: "ReadPage", hang: true},
		{name: "while stamps are read", at: "Stamps", hang: true},
		{name: "while a write is under way", at: "Upsert"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, memory.Config{})
				w.fill(400)
				stop := make(chan struct{})
				s := faulty.New(faulty.Fault{
					Operation: tt.at, Nth: 2, Err: tt.err, Hang: tt.hang,
					Do: func(context.Context, faulty.Call) error {
						if tt.err == nil {
							close(stop)
							return nil
						}
						time.AfterFunc(time.Second, func() { close(stop) })
						return nil
					},
				})
				o := w.options()
				o.Stop, o.MemoryBytes = stop, 1200
				pair := reconcile.Pair{Source: s.Source(w.source), Target: s.Generation(w.target), Embedder: s.Embedder(w.embedder)}
				begin := time.Now()
				got, err := forwardPair(t, pair, o)
				require.NoError(t, err)
				require.False(t, got.Done)
				require.LessOrEqual(t, time.Since(begin), time.Second)
				require.Less(t, len(w.embedder.texts), 200, "it went on")
				there, err := w.target.Count(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, len(w.embedder.texts), there, "what was paid for was written")

				rest, err := reconcile.Forward(t.Context(), w.pair(), backends.Range{}, got.Cursor, w.options())
				require.NoError(t, err)
				require.True(t, rest.Done)
				require.Len(t, w.embedder.texts, 400)
				for text, n := range w.embedder.texts {
					require.Equal(t, 1, n, text)
				}
				w.requireRight()
			})
		})
	}
}

func TestStoppedBeforeItBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(8)
	stop := make(chan struct{})
	close(stop)
	o := w.options()
	o.Stop = stop
	got, err := reconcile.Forward(t.Context(), w.pair(), backends.Range{}, "", o)
	require.NoError(t, err)
	require.Equal(t, reconcile.Result{}, got)
	got, err = reconcile.Backward(t.Context(), w.pair(), backends.Range{}, "", o)
	require.NoError(t, err)
	require.Equal(t, reconcile.Result{}, got)
}

// Requests that are under way when the run is to end are finished; those that
// wait for their turn are not begun.
func TestNothingIsBegunAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"stop": nil, "a failure": backends.ErrUnauthorized} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, memory.Config{})
				w.fill(400)
				stop := make(chan struct{})
				o := w.options()
				o.Stop = stop
				begun := 0
				var mu sync.Mutex
				w.embedder.before = func(context.Context, []string) error {
					mu.Lock()
					begun++
					n := begun
					mu.Unlock()
					idle() // all three are under way, and the pipeline is full
					if n > 1 {
						idle()
						return nil
					}
					if failure == nil {
						close(stop)
					}
					return failure
				}
				got, err := w.forward(o)
				require.ErrorIs(t, err, failure)
				require.Equal(t, 3, begun)
				require.EqualValues(t, 4*len(w.embedder.requests), got.Counts.Written)
			})
		})
	}
}
