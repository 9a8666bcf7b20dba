package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestCodesDecideAboutRetries guards the one table of errors: what an activity
// reports as it would is tried again exactly where the table says so, in short
// activities, long ones and segments alike.
func TestCodesDecideAboutRetries(t *testing.T) {
	t.Parallel()
	for _, row := range activities.Failures {
		for _, name := range []string{"Prepare", "FinishIndex", "SyncSegment"} {
			t.Run(row.Code+" in "+name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.job.Window = 1
				s.before[name] = func(n int) error {
					if n == 1 {
						return passing(row.Code)
					}
					return nil
				}
				status := s.play()
				switch row.Reaction {
				case activities.Retries:
					require.Equal(t, workflows.Completed, status.State)
					require.Equal(t, 1, s.called("AcquireLease"))
				case activities.Requeues:
					require.Equal(t, workflows.Completed, status.State)
					require.Equal(t, 2, s.called("AcquireLease"))
				case activities.Fails, activities.Pauses, activities.Waits: // what waits in phase ready fails elsewhere
					require.Equal(t, row.Code, status.ErrorCode)
					require.Equal(t, 1, s.called(name))
				default:
					t.Fatalf("unknown reaction %q", row.Reaction)
				}
			})
		}
	}
}

// TestRangeOfAFormerRun guards jobs that begin anew while a range of the same id
// has not stopped yet: it is waited for, and the range is done all the same.
func TestRangeOfAFormerRun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mockRanges(3)
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.EqualValues(t, 3000, status.Progress.Totals.Written)
	require.Equal(t, 18, s.called("SyncSegment")+s.called("VerifySegment"))
}

// TestCancelWhileARangeOfAFormerRunStops guards that wait.
func TestCancelWhileARangeOfAFormerRunStops(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mockRanges(1000)
	s.onCall = func(name string, n int) {
		if name == "busy range" && n == 100 {
			s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
		}
	}
	status := s.play()
	require.Equal(t, workflows.Cancelled, status.State)
	require.Equal(t, "wrong model", status.Reason)
	require.Zero(t, s.called("SyncSegment"))
}

// TestPassOverNothingIsAMistake guards against a pass that finds nothing wrong
// because it looked at nothing.
func TestPassOverNothingIsAMistake(t *testing.T) {
	t.Parallel()
	for _, task := range []activities.Task{
		activities.SyncForward, activities.SyncBackward, activities.VerifyForward, activities.VerifyBackward,
	} {
		for _, n := range []int{0, activities.MaxRanges + 1} {
			s := newStage(t)
			s.ranges = map[activities.Task]int{task: n}
			status := s.play()
			require.Equal(t, workflows.Failed, status.State)
			require.Equal(t, activities.CodeInternal, status.ErrorCode)
			require.Contains(t, status.Reason, string(task))
			require.Equal(t, 1, s.called("ReleaseLease"))
		}
	}
}
