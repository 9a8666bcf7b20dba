package route_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

// registry is one in memory that can be slow or down, and counts questions.
type registry struct {
	*memory.Registry
	asked atomic.Int32
	down  atomic.Bool
	delay atomic.Int64
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	s, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	return &registry{Registry: s.Registry()}
}

func (r *registry) Get(ctx context.Context, kind, key string) (backends.Entry, error) {
	r.asked.Add(1)
	select {
	case <-time.After(time.Duration(r.delay.Load())):
	case <-ctx.Done():
		return backends.Entry{}, errors.Join(backends.ErrUnavailable, ctx.Err())
	}
	if r.down.Load() {
		return backends.Entry{}, backends.ErrUnavailable
	}
	return r.Registry.Get(ctx, kind, key)
}

// swap switches the namespace "docs" to its next generation.
func (r *registry) swap(t *testing.T) route.Route {
	t.Helper()
	now, err := route.Get(t.Context(), r.Registry, "docs")
	if err != nil {
		require.ErrorIs(t, err, backends.ErrNotFound)
	}
	next := pointing(now.Generation + 1)
	got, err := route.Swap(t.Context(), r.Registry, now.Version, next)
	require.NoError(t, err)
	return got
}

func pointing(generation int64) route.Route {
	suffix := string(rune('a' + generation))
	return route.Route{
		Namespace: "docs", Generation: generation, Locator: "place-" + suffix, Model: "model-" + suffix,
		Fingerprint: "print-" + suffix, Dimensions: 8, Metric: backends.Cosine,
	}
}

func TestReaderAsksOnceInAWhileForAllCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		first := reg.swap(t)
		reg.delay.Store(int64(10 * time.Millisecond))
		r := route.NewReader(reg, route.ReaderOptions{MaxAge: time.Minute})
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				a, err := r.Current(t.Context(), "docs")
				if err != nil || a.Route != first {
					t.Errorf("%+v, %v", a, err)
				}
			})
		}
		group.Wait()
		require.Equal(t, int32(1), reg.asked.Load())

		second := reg.swap(t)
		<-time.After(59 * time.Second)
		a, err := r.Current(t.Context(), "docs")
		require.NoError(t, err)
		require.Equal(t, first, a.Route)
		require.Equal(t, 59*time.Second, a.Age)
		require.NoError(t, a.Err, "not too old")
		<-time.After(time.Second)
		a, err = r.Current(t.Context(), "docs")
		require.NoError(t, err)
		require.Equal(t, second, a.Route)
		require.Zero(t, a.Age)
		require.Equal(t, int32(2), reg.asked.Load())
	})
}

func TestReaderAnswersWhileTheRegistryIsAway(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*registry){
		"refuses": func(r *registry) { r.down.Store(true) },
		"hangs":   func(r *registry) { r.delay.Store(int64(time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				reg := newRegistry(t)
				first := reg.swap(t)
				r := route.NewReader(reg, route.ReaderOptions{MaxAge: time.Second, Patience: 10 * time.Millisecond, Timeout: 100 * time.Millisecond})
				_, err := r.Current(t.Context(), "docs")
				require.NoError(t, err)
				trouble(reg)
				second := reg.swap(t)

				<-time.After(time.Minute)
				began := time.Now()
				a, err := r.Current(t.Context(), "docs")
				require.NoError(t, err)
				require.Equal(t, first, a.Route)
				require.GreaterOrEqual(t, a.Age, time.Minute)
				require.ErrorIs(t, a.Err, backends.ErrUnavailable)
				require.LessOrEqual(t, time.Since(began), 10*time.Millisecond, "an old answer comes within the patience")

				<-time.After(200 * time.Millisecond) // the question has failed by now
				asked, began := reg.asked.Load(), time.Now()
				a, err = r.Current(t.Context(), "docs")
				require.NoError(t, err)
				require.ErrorIs(t, a.Err, backends.ErrUnavailable)
				require.Zero(t, time.Since(began), "and then at once")
				require.Equal(t, asked, reg.asked.Load(), "a registry in trouble is not asked by everyone")

				reg.down.Store(false)
				reg.delay.Store(0)
				<-time.After(time.Second)
				a, err = r.Current(t.Context(), "docs")
				require.NoError(t, err)
				require.NoError(t, a.Err)
				require.Equal(t, second, a.Route)
			})
		})
	}
}

func TestReaderWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		r := route.NewReader(reg, route.ReaderOptions{})
		_, err := r.Current(t.Context(), "docs")
		require.ErrorIs(t, err, backends.ErrNotFound, "never switched")
		first := reg.swap(t)
		a, err := r.Current(t.Context(), "docs")
		require.NoError(t, err, "that there was none is not remembered")
		require.Equal(t, first, a.Route)

		reg.down.Store(true)
		_, err = r.Current(t.Context(), "other")
		require.ErrorIs(t, err, backends.ErrUnavailable)

		reg.delay.Store(int64(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = r.Current(ctx, "other")
		require.ErrorIs(t, err, context.DeadlineExceeded, "no longer than its caller")
		_, err = r.Refresh(ctx, "other")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		<-time.After(time.Minute) // the question outlives its callers, and ends
	})
}

func TestReaderForgetsARouteThatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		first := reg.swap(t)
		r := route.NewReader(reg, route.ReaderOptions{MaxAge: time.Second})
		_, err := r.Current(t.Context(), "docs")
		require.NoError(t, err)
		require.NoError(t, reg.Delete(t.Context(), route.Kind, "docs", first.Version))
		<-time.After(time.Second)
		_, err = r.Current(t.Context(), "docs")
		require.ErrorIs(t, err, backends.ErrNotFound)
	})
}

func TestReaderRefreshesOnDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		reg.swap(t)
		r := route.NewReader(reg, route.ReaderOptions{MaxAge: time.Hour, Patience: time.Hour})
		_, err := r.Current(t.Context(), "docs")
		require.NoError(t, err)
		second := reg.swap(t)
		got, err := r.Refresh(t.Context(), "docs")
		require.NoError(t, err)
		require.Equal(t, second, got)
		a, err := r.Current(t.Context(), "docs")
		require.NoError(t, err)
		require.Equal(t, second, a.Route, "everyone learns of it")
	})
}

// A refresh must not be content with a question that was asked before it: that
// one may have read the route from before the switch.
func TestRefreshAsksAfterItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		reg.swap(t)
		reg.delay.Store(int64(time.Second))
		r := route.NewReader(reg, route.ReaderOptions{})
		go func() { _, _ = r.Current(t.Context(), "docs") }()
		synctest.Wait()
		_, err := r.Refresh(t.Context(), "docs")
		require.NoError(t, err)
		require.Equal(t, int32(2), reg.asked.Load())
	})
}

func TestWatchTellsOfEachChangeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newRegistry(t)
		r := route.NewReader(reg, route.ReaderOptions{MaxAge: time.Second})
		ctx, stop := context.WithCancelCause(t.Context())
		var seen []int64
		ended := make(chan error)
		go func() {
			ended <- r.Watch(ctx, "docs", func(now route.Route) { seen = append(seen, now.Generation) })
		}()
		<-time.After(1500 * time.Millisecond)
		reg.swap(t)
		<-time.After(3 * time.Second)
		reg.down.Store(true)
		reg.swap(t)
		<-time.After(3 * time.Second)
		require.Equal(t, []int64{1}, seen)
		reg.down.Store(false)
		<-time.After(3 * time.Second)
		done := errors.New("done")
		stop(done)
		require.ErrorIs(t, <-ended, done)
		require.Equal(t, []int64{1, 2}, seen)
	})
}
