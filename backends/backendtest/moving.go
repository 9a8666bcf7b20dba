package backendtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// testMoving sweeps while items come and go: each that exists throughout is
// returned exactly once, each other at most once.
func testMoving(t *testing.T, fresh func(t *testing.T) space) {
	t.Run("between pages", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		stable, doomed := number("s", 80), number("d", 80)
		require.NoError(t, s.put(t.Context(), append(append([]string{}, stable...), doomed...)...))
		round := 0
		got := s.sweep(t, backends.Range{}, 6, func(page idPage) {
			if round >= len(doomed) {
				return // what is put behind the cursor for ever is swept for ever
			}
			// Pull the cursor's own item, if it is not a stable one, and some
			// before and behind it; put others in their neighbourhood.
			last := page.ids[len(page.ids)-1]
			pulled := doomed[round : round+4]
			if last[0] != 's' {
				pulled = append([]string{last}, pulled...)
			}
			require.NoError(t, s.remove(t.Context(), pulled...))
			require.NoError(t, s.put(t.Context(), page.ids[0]+"!", last+"!", fmt.Sprintf("0-%d", round), fmt.Sprintf("t-%d", round)))
			// The pages' own first items may be stable: writing again what is
			// there must not make it come again either.
			require.NoError(t, s.put(t.Context(), stable[round]))
			round += 4
		})
		requireOnce(t, stable, got)
	})
	t.Run("concurrently", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		stable := number("s", 200)
		require.NoError(t, s.put(t.Context(), stable...))
		stop := churn(t, s)
		for range 5 {
			requireOnce(t, stable, s.sweep(t, backends.Range{}, 9, nil))
			keys, err := s.Split(t.Context(), "", 40, 100)
			require.NoError(t, err)
			requireOnce(t, stable, s.sweepAll(t, ranges(keys), 9))
		}
		stop()
	})
}

// churn puts and removes items, spread over the key space, until it is stopped.
func churn(t *testing.T, s space) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	for worker := range 2 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				ids := []string{
					fmt.Sprintf("r-%d-%d", worker, i%50), fmt.Sprintf("s-%04d-%d", i*7%10000, worker), fmt.Sprintf("t-%d-%d", worker, i%30),
				}
				err := s.put(context.WithoutCancel(ctx), ids...)
				if err == nil {
					err = s.remove(context.WithoutCancel(ctx), ids[i%3:]...)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
		close(errs)
		require.NoError(t, <-errs)
	}
}

func requireOnce(t *testing.T, stable, got []string) {
	t.Helper()
	times := map[string]int{}
	for _, id := range got {
		times[id]++
		require.Equal(t, 1, times[id], "%q came more than once", id)
	}
	for _, id := range stable {
		require.Equal(t, 1, times[id], "%q exists throughout", id)
	}
}
