package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// stops are the ways in which a job is told to stop, by the state that it ends in.
var stops = map[string]struct {
	stop  func(*stage)
	state workflows.State
}{
	"signal": {func(s *stage) {
		s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
	}, workflows.Cancelled},
	"Temporal": {func(s *stage) { s.env.CancelWorkflow() }, workflows.Cancelled},
	// The timer is over when the switch is tried again.
	"timeout": {func(s *stage) { s.job.Timeout = time.Second }, workflows.Failed},
}

// stopAtSwitch stops the job in its switch, whose first two attempts fail.
func (s *stage) stopAtSwitch(way string, then error) {
	if way == "timeout" {
		stops[way].stop(s)
	}
	s.before["Switch"] = func(n int) error {
		if n == 1 && way != "timeout" {
			stops[way].stop(s)
		}
		if n <= 2 {
			return passing(activities.CodeUnavailable)
		}
		return then
	}
}

// TestStopComesTooLate guards the switch: once it has begun its outcome has to
// be known, and the job ends as it went.
func TestStopComesTooLate(t *testing.T) {
	t.Parallel()
	for way := range stops {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.stopAtSwitch(way, nil)
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			require.Equal(t, "large", status.Route.Model)
			require.Equal(t, 1, s.called("ReleaseLease"))

			s = newStage(t)
			s.stopAtSwitch(way, hopeless(activities.CodeRouteChanged, "somebody else switched"))
			status = s.play()
			require.Equal(t, activities.CodeRouteChanged, status.ErrorCode, status.Reason)
			require.Equal(t, workflows.Switching, status.Phase)
			require.Equal(t, 1, s.called("ReleaseLease"))
		})
	}
}

// TestStopComesWhileTheEndIsRecorded guards the job's last step in the same way.
func TestStopComesWhileTheEndIsRecorded(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		s := newStage(t)
		s.cancelAt("RecordOutcome", 1, native)
		status := s.play()
		require.Equal(t, workflows.Completed, status.State)
		require.Equal(t, 1, s.called("ReleaseLease"))
	}
}

// TestStopIsNotForgottenWithTheLease guards a job that was told to stop during a
// switch which then did not happen, since another job had taken the namespace:
// it must not begin anew.
func TestStopIsNotForgottenWithTheLease(t *testing.T) {
	t.Parallel()
	for way, c := range stops {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.stopAtSwitch(way, hopeless(activities.CodeLeaseLost, "taken over"))
			status := s.play()
			require.Equal(t, c.state, status.State, status.Reason)
			require.Equal(t, workflows.Queued, status.Phase)
			require.Equal(t, 1, s.called("AcquireLease"))
			require.Equal(t, 3, s.called("Switch"))
			require.Zero(t, s.called("ReleaseLease"), "it is another job's")
			if way == "signal" {
				require.Equal(t, "wrong model", status.Reason)
			}
			if way == "timeout" {
				require.Equal(t, activities.CodeTimeout, status.ErrorCode)
			}
		})
	}
}
