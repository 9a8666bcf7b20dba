package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

func TestJobGoesThroughItsPhases(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, workflows.Switched, status.Phase)
	require.Equal(t, []string{
		"Resolve", "AcquireSlot", "AcquireLease", "Resolve", "Plan", "Prepare",
		"SplitPass sync-forward", "SyncSegment", "SyncSegment", "SyncSegment",
		"SplitPass sync-backward", "SyncSegment", "SyncSegment", "SyncSegment",
		"SplitPass sync-forward", "SyncSegment", "SyncSegment", "SyncSegment",
		"SplitPass sync-backward", "SyncSegment", "SyncSegment", "SyncSegment",
		"FinishIndex",
		"SplitPass verify-forward", "VerifySegment", "VerifySegment", "VerifySegment",
		"SplitPass verify-backward", "VerifySegment", "VerifySegment", "VerifySegment",
		"VerifySamples", "CheckSwitch", "Switch", "RecordOutcome", "ReleaseLease",
	}, s.calls)
	require.EqualValues(t, 3000, status.Verification.Items)
	require.EqualValues(t, 3000, status.Verification.Records)
	require.Equal(t, 20, status.Verification.Sampled)
	require.EqualValues(t, 3000, status.Progress.Totals.Written)
	require.Equal(t, "large", status.Route.Model)
	require.Equal(t, "small", status.Former.Model)
	require.NotNil(t, status.RunningSince)
	require.NotNil(t, status.FinishedAt)

	require.Len(t, s.outcomes, 1)
	var recorded workflows.Status
	require.NoError(t, json.Unmarshal(s.outcomes[0].Status, &recorded))
	require.Equal(t, workflows.Completed, recorded.State)
	require.EqualValues(t, 7, s.outcomes[0].Job.Epoch, "the lease's epoch goes with the job")
}

// TestFreshGenerationIsNotSwept guards the history and the time of a first copy:
// what is empty holds nothing that lost its item.
func TestFreshGenerationIsNotSwept(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fresh = true
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, 2, s.called("SplitPass sync-forward"), "the copy and a catch-up")
	require.Equal(t, 1, s.called("SplitPass sync-backward"), "the catch-up only")

	s = newStage(t)
	s.fresh = true
	s.before["SyncSegment"] = func(n int) error { // in the middle of the copy another job takes over, and ends
		if n == 2 {
			s.fresh = false
			return hopeless(activities.CodeLeaseLost, "taken over")
		}
		return nil
	}
	require.Equal(t, workflows.Completed, s.play().State)
	require.Equal(t, 1, s.called("SplitPass sync-backward"), "the second copy found records, and nothing was left to catch up")
}

// TestDryRunTouchesNothing guards `plan`: no slot, no lease, no generation.
func TestDryRunTouchesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.DryRun = true
	s.plan.Blockers = []string{"no room"}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, workflows.Planning, status.Phase)
	require.Equal(t, []string{"no room"}, status.Plan.Blockers)
	require.Equal(t, []string{"Resolve", "Plan"}, s.calls)
}

func TestRefusedRequestFailsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(`{"namespace":"docs","to":"large","prioritty":"HIGH"}`), nil)
	status := s.status()
	require.Equal(t, workflows.Failed, status.State)
	require.Equal(t, activities.CodeInvalidRequest, status.ErrorCode)
	require.Contains(t, status.Reason, "prioritty")
	require.NotContains(t, s.calls, "AcquireSlot")
	require.Equal(t, "docs", status.Namespace, "shown as it was asked for")
	require.Equal(t, "large", status.To)
	require.Len(t, s.outcomes, 1)
	require.Empty(t, s.outcomes[0].Job.Namespace, "nothing was resolved")
}

// TestRequestThatIsNoJSONFails guards against a job that hangs: bytes of another
// encoding can be given to no activity, and their task failed again and again.
func TestRequestThatIsNoJSONFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, []byte("namespace: docs"), nil)
	require.True(t, s.env.IsWorkflowCompleted())
	status := s.status()
	require.Equal(t, activities.CodeInvalidRequest, status.ErrorCode)
	require.Contains(t, status.Reason, "is not JSON")
	require.Equal(t, []string{"RecordOutcome"}, s.calls)
}

// TestSecondInputIsCalledOne guards the words for a second --input: it was taken
// for what a job carries from run to run, of a wrong schema version.
func TestSecondInputIsCalledOne(t *testing.T) {
	t.Parallel()
	for _, second := range []string{`{"priority":"HIGH"}`, `{}`, `5`, `"HIGH"`, `["docs"]`, `false`} {
		s := newStage(t)
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), json.RawMessage(second))
		status := s.status()
		require.Equal(t, activities.CodeInvalidRequest, status.ErrorCode, second)
		require.Equal(t, "more than one input: a job takes one JSON object", status.Reason)
		require.Empty(t, s.calls)
	}
}

// TestTooLongAnIDIsRefused guards jobs that were started by hand: the server
// refused the ids of their ranges, and the workflow's task for ever.
func TestTooLongAnIDIsRefused(t *testing.T) {
	t.Parallel()
	for n, state := range map[int]workflows.State{workflows.MaxJobID: workflows.Completed, workflows.MaxJobID + 1: workflows.Failed} {
		s := newStage(t)
		id := strings.Repeat("j", n)
		s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue})
		status := s.play()
		require.Equal(t, state, status.State, status.Reason)
		require.Equal(t, id, status.Job)
		if state == workflows.Failed {
			require.Equal(t, activities.CodeInvalidRequest, status.ErrorCode)
			require.Contains(t, status.Reason, "at most 900")
			require.Empty(t, s.calls)
		}
	}
	longest := workflows.RangeID(strings.Repeat("j", workflows.MaxJobID), 1_000_000, activities.VerifyBackward, activities.MaxRanges)
	require.LessOrEqual(t, len(longest), 1000, "the server's bound")
}

func TestPlanWithBlockersFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan.Blockers = []string{"no room", "no time"}
	status := s.play()
	require.Equal(t, activities.CodeBlocked, status.ErrorCode)
	require.Contains(t, status.Reason, "no room; no time")
	require.Zero(t, s.called("Prepare"))
	require.Equal(t, 1, s.called("ReleaseLease"))
}

// TestStatusWhileItRuns guards the queries: each phase can be seen from outside.
func TestStatusWhileItRuns(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	at := map[string]workflows.Status{}
	for name, want := range map[string]workflows.Phase{
		"AcquireLease": workflows.Queued, "Plan": workflows.Planning, "Prepare": workflows.Preparing,
		"FinishIndex": workflows.Indexing, "VerifySamples": workflows.Verifying, "CheckSwitch": workflows.Ready,
		"Switch": workflows.Switching,
	} {
		failed := false
		s.before[name] = func(int) error {
			if failed {
				return nil
			}
			failed = true
			// While the retry is waited for, the workflow is idle and can be asked.
			s.env.RegisterDelayedCallback(func() { at[name] = s.query() }, 100*time.Millisecond)
			return passing(activities.CodeUnavailable)
		}
		defer func() { require.Equal(t, want, at[name].Phase, "at %s", name) }()
	}
	require.Equal(t, workflows.Completed, s.play().State)
	require.Equal(t, workflows.Pending, at["AcquireLease"].State)
	require.Contains(t, at["AcquireLease"].Reason, "docs")
	require.Equal(t, workflows.Running, at["Plan"].State)
}

// TestRouteMovedWhileWaiting guards jobs that queue behind another of their
// namespace: what they set out from is read again once it is theirs.
func TestRouteMovedWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.before["AcquireLease"] = func(int) error {
		s.job.From, s.job.RouteVersion = "other", 9
		return nil
	}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, "other", status.From)
	require.EqualValues(t, 9, s.outcomes[0].Job.RouteVersion)
}
