package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestTimeoutInEachPhase guards the bound on the running time.
func TestTimeoutInEachPhase(t *testing.T) {
	t.Parallel()
	for phase, at := range phases {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.job.Timeout = time.Minute
			s.before[at.name] = func(n int) error { // retried for longer than a minute
				if n < at.n {
					return nil
				}
				return passing(activities.CodeUnavailable)
			}
			status := s.play()
			require.Equal(t, workflows.Failed, status.State)
			require.Equal(t, activities.CodeTimeout, status.ErrorCode)
			require.Contains(t, status.Reason, "1m0s")
			require.Equal(t, phase, status.Phase)
			require.WithinDuration(t, status.RunningSince.Add(time.Minute), *status.FinishedAt, 2*time.Second)
			require.Zero(t, s.called("Switch"))
			require.Equal(t, leases(phase), s.called("ReleaseLease"))
			require.Equal(t, "FAILED", s.outcomes[0].State)
		})
	}
}

// TestTimeoutOfADryRun guards a plan that hangs: it has no slot to count from.
func TestTimeoutOfADryRun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.DryRun, s.job.Timeout = true, time.Minute
	s.before["Plan"] = func(int) error { return passing(activities.CodeUnavailable) }
	status := s.play()
	require.Equal(t, activities.CodeTimeout, status.ErrorCode)
	require.WithinDuration(t, status.StartedAt.Add(time.Minute), *status.FinishedAt, 2*time.Second)
}

// TestWaitingIsNoRunningTime guards the clock: it stands while the job waits for its slot.
func TestWaitingIsNoRunningTime(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.noGrant = true
	s.job.Timeout = time.Minute
	s.env.RegisterDelayedCallback(func() {
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "nonce"})
	}, 5*time.Hour)
	require.Equal(t, workflows.Completed, s.play().State)
}

// TestNoTimeout guards jobs of days: zero is no bound.
func TestNoTimeout(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Timeout = 0
	s.before["FinishIndex"] = func(n int) error {
		if n <= 8 {
			return passing(activities.CodeUnavailable)
		}
		return nil
	}
	require.Equal(t, workflows.Completed, s.play().State)
}
