package backendtest

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

const racers = 12

// race runs f in many goroutines, each with a handle of its own, released at once.
func race(t *testing.T, p Place[backends.Registry], f func(i int, r backends.Registry) error) {
	t.Helper()
	start := make(chan struct{})
	errs := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		r := p.Open(t, "")
		wg.Go(func() {
			<-start
			errs[i] = f(i, r)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// testIncrements counts by compare-and-swap: a lost update is a count too low.
func testIncrements(t *testing.T, p Place[backends.Registry]) {
	const each = 10
	var mu sync.Mutex
	versions := map[int64]int{}
	race(t, p, func(_ int, r backends.Registry) error {
		for done := 0; done < each; {
			n := 0
			e, err := r.Get(t.Context(), "count", "n")
			switch {
			case errors.Is(err, backends.ErrNotFound):
			case err != nil:
				return err
			default:
				if n, err = strconv.Atoi(string(e.Value)); err != nil {
					return err
				}
			}
			v, err := r.Put(t.Context(), "count", "n", e.Version, []byte(strconv.Itoa(n+1)))
			if errors.Is(err, backends.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			versions[v]++
			mu.Unlock()
			done++
		}
		return nil
	})
	_, value := get(t, p.Open(t, ""), "count", "n")
	require.Equal(t, strconv.Itoa(racers*each), value, "no update is lost")
	require.Len(t, versions, racers*each, "every Put returned a version of its own")
}

func testCreates(t *testing.T, p Place[backends.Registry]) {
	var winner, won atomic.Int64
	race(t, p, func(i int, r backends.Registry) error {
		_, err := r.Put(t.Context(), "kind", "key", 0, []byte(strconv.Itoa(i)))
		if err == nil {
			winner.Store(int64(i))
			won.Add(1)
		} else if !errors.Is(err, backends.ErrConflict) {
			return err
		}
		return nil
	})
	require.EqualValues(t, 1, won.Load(), "one creates, the others conflict")
	_, value := get(t, p.Open(t, ""), "kind", "key")
	require.Equal(t, strconv.FormatInt(winner.Load(), 10), value)
}

// testPutRacesDelete lets half of the racers change, half remove one version:
// one change at most, and none behind a removal.
func testPutRacesDelete(t *testing.T, p Place[backends.Registry]) {
	for range 10 {
		version := put(t, p.Open(t, ""), "kind", "key", 0, `"old"`)
		var changed, refused atomic.Int64
		race(t, p, func(i int, r backends.Registry) error {
			var err error
			if i%2 == 0 {
				_, err = r.Put(t.Context(), "kind", "key", version, []byte(`"new"`))
				if err == nil {
					changed.Add(1)
				}
			} else {
				err = r.Delete(t.Context(), "kind", "key", version)
			}
			if errors.Is(err, backends.ErrConflict) {
				refused.Add(1)
				return nil
			}
			return err
		})
		now, value := get(t, p.Open(t, ""), "kind", "key")
		if changed.Load() == 0 {
			require.Zero(t, now, "nobody changed it, so it was removed")
			require.EqualValues(t, racers/2, refused.Load(), "and every change was refused")
			continue
		}
		require.EqualValues(t, 1, changed.Load())
		require.Greater(t, now, version, "a removal of the old version leaves the new one")
		require.Equal(t, `"new"`, value)
		require.EqualValues(t, racers-1, refused.Load())
		require.NoError(t, p.Open(t, "").Delete(t.Context(), "kind", "key", now))
	}
}
