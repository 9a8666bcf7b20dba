package worker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPersistWaitsLongerEachTimeUpToABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		var delays []time.Duration
		begun := time.Now()
		err := persist(t.Context(), func(context.Context) error {
			if tries++; tries == 9 {
				return nil
			}
			return errors.New("down")
		}, func(err error, d time.Duration) {
			require.ErrorContains(t, err, "down")
			delays = append(delays, d)
		})
		require.NoError(t, err)
		s := time.Second
		require.Equal(t, []time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 15 * s, 15 * s, 15 * s}, delays)
		require.Equal(t, 60*s+s/2, time.Since(begun))
	})
}

func TestPersistEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tries := 0
		err := persist(ctx, func(context.Context) error { tries++; return errors.New("down") }, func(error, time.Duration) {})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 4, tries)

		told := false
		err = persist(ctx, func(ctx context.Context) error { return ctx.Err() }, func(error, time.Duration) { told = true })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, told, "the end is no failure")
	})
}

// The defaults of the SDK would lose a segment's work at each stop, and tell a
// segment of a cancellation only after a minute.
func TestWorkerOptions(t *testing.T) {
	t.Parallel()
	o := options(nil)
	require.Equal(t, 30*time.Second, o.WorkerStopTimeout)
	require.Equal(t, 2*time.Second, o.MaxHeartbeatThrottleInterval)
}
