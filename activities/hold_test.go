package activities_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/records"
)

// A lease that no job holds is waited out, over the attempts, and then taken: who
// held it and was killed must not keep the namespace for ever, and who still drops
// something must not have a shadow made under its hands.
func TestAcquireLeaseOutwaitsWhoIsNoJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		_, err := records.TakeLease(t.Context(), h.registry(), "docs", records.Lease{Job: "reembed-gc", Run: "r", Hold: 25 * time.Second}, nil)
		require.NoError(t, err)
		job := activities.Job{ID: "job", Run: "first", Namespace: "docs"}
		begun, attempts := time.Now(), 0
		var beat converter.EncodedValues
		attempt := func() (int64, error) {
			attempts++
			return run[int64](h, func(env *testsuite.TestActivityEnvironment) {
				if beat != nil {
					var so any
					require.NoError(t, beat.Get(&so))
					env.SetHeartbeatDetails(so)
				}
				env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) { beat = details })
			}, h.acts.AcquireLease, job)
		}
		epoch, err := attempt()
		for err != nil {
			requireCode(t, err, activities.CodeNamespaceBusy)
			require.Less(t, attempts, 10)
			epoch, err = attempt()
		}
		require.Equal(t, 3, attempts)
		require.GreaterOrEqual(t, time.Since(begun), 25*time.Second)
		require.NoError(t, records.CheckLease(t.Context(), h.registry(), "docs", epoch))
	})
}

// One that gives the namespace back is not waited out to the end.
func TestAcquireLeaseThatIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		held, err := records.TakeLease(t.Context(), h.registry(), "docs", records.Lease{Job: "reembed-gc", Run: "r", Hold: time.Hour}, nil)
		require.NoError(t, err)
		job := activities.Job{ID: "job", Run: "first", Namespace: "docs"}
		_, err = run[int64](h, nil, h.acts.AcquireLease, job)
		requireCode(t, err, activities.CodeNamespaceBusy)
		require.NoError(t, records.GiveBackLease(t.Context(), h.registry(), "docs", held.Epoch))
		_, err = run[int64](h, nil, h.acts.AcquireLease, job)
		require.NoError(t, err)
	})
}

// A worker that stops does not wait.
func TestAcquireLeaseStopsWaitingWithItsWorker(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := records.TakeLease(t.Context(), h.registry(), "docs", records.Lease{Job: "reembed-gc", Run: "r", Hold: time.Hour}, nil)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = run[int64](h, func(env *testsuite.TestActivityEnvironment) { env.SetWorkerOptions(workerOptions(ctx)) },
		h.acts.AcquireLease, activities.Job{ID: "job", Run: "first", Namespace: "docs"})
	require.ErrorContains(t, err, "canceled")
}
