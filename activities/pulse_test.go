package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/faulty"
)

// TestActivitiesLiveWhileABackendIsSlow guards the activities that have a
// heartbeat's timeout: one that sends none while a store counts would be taken
// for dead, again and again.
func TestActivitiesLiveWhileABackendIsSlow(t *testing.T) {
	t.Parallel()
	type do = func(*house, activities.Job, func(*testsuite.TestActivityEnvironment)) error
	for name, call := range map[string]do{
		"Plan": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[activities.Plan](h, setup, h.acts.Plan, job)
			return err
		},
		"Prepare": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[any](h, setup, h.acts.Prepare, job)
			return err
		},
		"SplitPass": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[activities.Split](h, setup, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: activities.SyncForward})
			return err
		},
		"FinishIndex": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[any](h, setup, h.acts.FinishIndex, job)
			return err
		},
		"VerifySamples": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[activities.Verification](h, setup, h.acts.VerifySamples, job)
			return err
		},
		"CheckSwitch": func(h *house, job activities.Job, setup func(*testsuite.TestActivityEnvironment)) error {
			_, err := run[any](h, setup, h.acts.CheckSwitch, job)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(20)
			job := h.prepared()
			heard := make(chan struct{})
			var once sync.Once
			slow := false
			h.faults.Add(faulty.Fault{Nth: 1, Do: func(ctx context.Context, _ faulty.Call) error {
				slow = true
				select {
				case <-heard:
					return nil
				case <-time.After(30 * time.Second):
					return context.DeadlineExceeded
				case <-ctx.Done():
					return ctx.Err()
				}
			}})
			err := call(h, job, func(env *testsuite.TestActivityEnvironment) {
				env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { once.Do(func() { close(heard) }) })
			})
			require.NoError(t, err)
			require.True(t, slow, "no backend was called")
		})
	}
}
