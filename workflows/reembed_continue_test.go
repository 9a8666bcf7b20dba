package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// next returns the input of the run that the stage's job goes on in.
func (s *stage) next() (json.RawMessage, *workflows.Carried) {
	s.t.Helper()
	var again *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &again)
	require.Equal(s.t, workflows.ReembedWorkflowName, again.WorkflowType.Name)
	var raw json.RawMessage
	var carried *workflows.Carried
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &raw, &carried))
	return raw, carried
}

// inRuns plays the job as one that continues as new after each step. What the
// actors remember goes on from run to run.
func inRuns(t *testing.T, set func(*stage)) (last *stage, status workflows.Status, runs int) {
	t.Helper()
	raw, carried := json.RawMessage(request), (*workflows.Carried)(nil)
	for {
		s := newStage(t)
		set(s)
		s.job.ContinueAfter = 1
		if last != nil {
			s.calls, s.passes, s.looks, s.changes = last.calls, last.passes, last.looks, last.changes
		}
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
		last, runs = s, runs+1
		require.Less(t, runs, 100)
		if err := s.env.GetWorkflowError(); !workflow.IsContinueAsNewError(err) {
			return last, s.status(), runs
		}
		raw, carried = s.next()
	}
}

// timeless leaves out of a status what differs between two clocks.
func timeless(s workflows.Status) workflows.Status {
	s.StartedAt, s.RunningSince, s.FinishedAt = time.Time{}, nil, nil
	s.Progress.PhaseSince, s.Progress.ItemsPerSecond = time.Time{}, 0
	return s
}

// TestContinuedJobEndsAsAnotherOne guards what is carried: a job that continues
// as new after each step does the same work, stays within the same bounds and
// ends with the same status as one that does not.
func TestContinuedJobEndsAsAnotherOne(t *testing.T) {
	t.Parallel()
	stale := func(id string) workflows.Verification { return finding(verify.Stale, id) }
	foreign := func(id string) workflows.Verification { return finding(verify.Foreign, id) }
	for name, c := range map[string]struct {
		set  func(*stage)
		code string
		runs int // at least
	}{
		"smooth": {func(s *stage) { s.dirty = []int64{3000, 40} }, "", 9},
		"findings": {func(s *stage) {
			s.reports = []workflows.Verification{foreign("a"), foreign("b")}
		}, "", 15},
		"findings of items that move": {func(s *stage) {
			s.reports = []workflows.Verification{stale("a"), stale("b")}
		}, "", 14},
		"a finding that stays": {func(s *stage) {
			s.reports = []workflows.Verification{stale("a"), stale("a")}
		}, activities.CodeVerification, 11},
		"always another finding": {func(s *stage) {
			s.reports = []workflows.Verification{stale("a"), stale("b"), stale("c"), stale("d"), stale("e")}
		}, "", 15},
		"another finding that stays": {func(s *stage) {
			s.reports, s.still = []workflows.Verification{stale("a"), stale("b")}, map[string]bool{"b": true}
		}, activities.CodeVerification, 15},
		"a source that tells what changed": {func(s *stage) {
			s.capture, s.changed = &activities.Capturing{Kind: "changed_at"}, []int64{900, 500, 400, 390, 380, 370, 5, 30, 3}
			s.reports = []workflows.Verification{stale("a"), stale("b")}
		}, "", 15},
		"catches up late": {func(s *stage) {
			s.dirty = []int64{3000, 900, 500, 300, 200, 100, 90, 80, 70, 60, 50, 40, 30, 20}
		}, "", 22},
		"the lease lost twice": {func(s *stage) {
			s.before["FinishIndex"] = func(n int) error {
				if n <= 2 {
					return hopeless(activities.CodeLeaseLost, "taken over")
				}
				return nil
			}
		}, "", 18},
		"the lease lost too often": {func(s *stage) {
			s.before["CheckSwitch"] = func(int) error { return hopeless(activities.CodeLeaseLost, "taken over") }
		}, activities.CodeLeaseLost, 25},
		"too many items set aside": {func(s *stage) { s.job.Window, s.refused = 1, 101 }, activities.CodeTooManyFailedItems, 4},
		"a dry run":                {func(s *stage) { s.job.DryRun = true }, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newStage(t)
			c.set(whole)
			single := whole.play()
			require.Equal(t, c.code, single.ErrorCode, "%s", single.Reason)
			last, got, runs := inRuns(t, c.set)
			require.GreaterOrEqual(t, runs, c.runs)
			require.Equal(t, whole.calls, last.calls, "the slot is taken once, and no work is done twice")
			require.Equal(t, timeless(single), timeless(got))
		})
	}
}

// TestCancelAtTheEdgeOfARun guards signals that come together with what ends a
// step: they must not be lost between two runs, nor before the switch.
func TestCancelAtTheEdgeOfARun(t *testing.T) {
	t.Parallel()
	edges := map[moment]workflows.Phase{
		{"Plan", 1}: workflows.Preparing, {"Prepare", 1}: workflows.Copying, {"SyncSegment", 6}: workflows.Copying,
		{"FinishIndex", 1}: workflows.Verifying, {"VerifySamples", 1}: workflows.Ready, {"CheckSwitch", 1}: workflows.Ready,
	}
	for at, phase := range edges {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			last, status, runs := inRuns(t, func(s *stage) {
				s.onCall = func(name string, n int) {
					if name == at.name && n == at.n { // the job sees both in the same task
						s.env.SignalWorkflowSkippingWorkflowTask(workflows.SignalCancel, workflows.CancelRequest{Reason: "just in time"})
					}
				}
			})
			require.Equal(t, workflows.Cancelled, status.State)
			require.Equal(t, "just in time", status.Reason)
			require.Equal(t, phase, status.Phase)
			require.Greater(t, runs, 1)
			require.Zero(t, last.called("Switch"))
		})
	}
}

// TestTimeIsCarried guards the job's clock over its runs.
func TestTimeIsCarried(t *testing.T) {
	t.Parallel()
	first := newStage(t)
	first.job.ContinueAfter, first.job.Timeout = 1, time.Hour
	first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	raw, carried := first.next()
	require.True(t, carried.Slot.Held)
	carried.Used = time.Hour - 10*time.Second
	s := newStage(t)
	s.job.Timeout = time.Hour
	s.before["Plan"] = func(int) error { return passing("UNAVAILABLE") }
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	status := s.status()
	require.Equal(t, "JOB_TIMEOUT", status.ErrorCode)
}

// TestNewerCarriedStateFailsTheTaskOnly: the job must not close.
func TestNewerCarriedStateFailsTheTaskOnly(t *testing.T) {
	t.Parallel()
	first := newStage(t)
	first.job.ContinueAfter = 1
	first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	raw, carried := first.next()
	carried.Version++
	s := newStage(t)
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	var panicked *temporal.PanicError
	require.ErrorAs(t, s.env.GetWorkflowError(), &panicked, "which the default policy of a worker makes a failed task")
	require.ErrorContains(t, panicked, "too old")
	require.Empty(t, s.calls)
}

func TestForeignCarriedStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*workflows.Carried){
		"version": func(c *workflows.Carried) { c.Version = -1 },
		"job":     func(c *workflows.Carried) { c.Job.ID = "another" },
		"run":     func(c *workflows.Carried) { c.Job.Run = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newStage(t)
			first.job.ContinueAfter = 1
			first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
			raw, carried := first.next()
			spoil(carried)
			s := newStage(t)
			s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
			require.Equal(t, "INVALID_REQUEST", s.status().ErrorCode)
			require.Empty(t, s.calls)
		})
	}
}
