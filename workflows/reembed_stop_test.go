package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// phases names, for each phase before the switch, an activity that runs in it.
var phases = map[workflows.Phase]string{
	workflows.Planning: "Plan", workflows.Preparing: "Prepare", workflows.Copying: "SyncSegment",
	workflows.Indexing: "FinishIndex", workflows.Verifying: "VerifySegment", workflows.Ready: "CheckSwitch",
}

// TestCancelInEachPhase guards both ways to cancel: nothing is switched, the
// namespace is given back, and the end is recorded.
func TestCancelInEachPhase(t *testing.T) {
	t.Parallel()
	for phase, name := range phases {
		for way, native := range map[string]bool{"signal": false, "Temporal": true} {
			t.Run(string(phase)+" by "+way, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.cancelAt(name, native)
				status := s.play()
				require.Equal(t, workflows.Cancelled, status.State, status.Reason)
				require.Equal(t, phase, status.Phase)
				require.Zero(t, s.called("Switch"))
				require.Equal(t, 1, s.called("ReleaseLease"))
				require.Len(t, s.outcomes, 1)
				require.Equal(t, "CANCELLED", s.outcomes[0].State)
				if !native {
					require.Equal(t, "wrong model", status.Reason)
				}
			})
		}
	}
}

// TestCancelWhileItCatchesUp is the same in a later pass.
func TestCancelWhileItCatchesUp(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.onCall = func(name string, n int) {
		if name == "SyncSegment" && n == 7 {
			s.env.SignalWorkflow(workflows.SignalCancel, "just stop")
		}
	}
	status := s.play()
	require.Equal(t, workflows.Cancelled, status.State)
	require.Equal(t, workflows.CatchingUp, status.Phase)
	require.Equal(t, "just stop", status.Reason, "a bare string is a reason too")
}

// TestCancelInTheQueue guards the gate's queue: a job that is cancelled while it
// waits takes its request back, and has nothing to give back.
func TestCancelInTheQueue(t *testing.T) {
	t.Parallel()
	for way, stop := range map[string]func(*stage){
		"signal": func(s *stage) {
			s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
		},
		"Temporal": func(s *stage) { s.env.CancelWorkflow() },
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.noGrant = true
			s.env.RegisterDelayedCallback(func() { stop(s) }, time.Hour)
			status := s.play()
			require.Equal(t, workflows.Cancelled, status.State)
			require.Equal(t, workflows.Queued, status.Phase)
			require.Equal(t, 1, s.called("withdraw"))
			require.Zero(t, s.called("AcquireLease"))
			require.Zero(t, s.called("ReleaseLease"))
			require.Greater(t, s.called("AcquireSlot"), 10, "it asks again and again: a request may be lost")
		})
	}
}

// TestCancelComesTooLate guards the switch: once it has begun the job completes.
func TestCancelComesTooLate(t *testing.T) {
	t.Parallel()
	for way, native := range map[string]bool{"signal": false, "Temporal": true} {
		for _, name := range []string{"Switch", "RecordOutcome"} {
			t.Run(name+" by "+way, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.cancelAt(name, native)
				status := s.play()
				require.Equal(t, workflows.Completed, status.State)
				require.Equal(t, "large", status.Route.Model)
				require.Equal(t, 1, s.called("ReleaseLease"))
			})
		}
	}
}

// TestTimeoutInEachPhase guards the bound on the running time.
func TestTimeoutInEachPhase(t *testing.T) {
	t.Parallel()
	for phase, name := range phases {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.job.Timeout = time.Minute
			// Longer than a minute; the test environment gives up after ten attempts.
			s.before[name] = func(int) error { return passing(activities.CodeUnavailable) }
			status := s.play()
			require.Equal(t, workflows.Failed, status.State)
			require.Equal(t, activities.CodeTimeout, status.ErrorCode)
			require.Equal(t, phase, status.Phase)
			require.WithinDuration(t, status.RunningSince.Add(time.Minute), *status.FinishedAt, 2*time.Second)
			require.Zero(t, s.called("Switch"))
			require.Equal(t, 1, s.called("ReleaseLease"))
		})
	}
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

// TestForeignGrantsAreIgnored guards against slots that were meant for another
// run: a reset applies old signals again.
func TestForeignGrantsAreIgnored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.noGrant = true
	s.env.RegisterDelayedCallback(func() {
		s.grant(activities.Grant{FirstRun: "another", Nonce: "nonce"})
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "old nonce"})
	}, time.Minute)
	s.env.RegisterDelayedCallback(func() {
		require.Zero(t, s.called("AcquireLease"))
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "nonce"})
	}, time.Hour)
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, time.Hour, status.RunningSince.Sub(status.StartedAt).Truncate(time.Minute))
}
