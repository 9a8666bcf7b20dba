package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/workflows"
)

// TestRangeTellsSegmentsWhoAsks guards the lease: a segment checks it by the job
// and the epoch that it is given.
func TestRangeTellsSegmentsWhoAsks(t *testing.T) {
	t.Parallel()
	for _, task := range allTasks {
		env, in := rangeEnv(t)
		in.Task, in.Job.Epoch, in.After = task, 7, "c0"
		in.Range.To = "z"
		var got []activities.SegmentRequest
		answer := func(_ context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
			got = append(got, r)
			return activities.SegmentResult{Done: true}, nil
		}
		env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(answer)
		env.OnActivity("VerifySegment", mock.Anything, mock.Anything).Return(answer)
		env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, []activities.SegmentRequest{{Job: in.Job, Task: task, Range: in.Range, After: "c0"}}, got)
	}
}

// TestRangeAnswersWhileItRuns guards the progress that a client adds up, and that
// segments which come further don't wait.
func TestRangeAnswersWhileItRuns(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	var seen []int64
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(
		func(_ context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
			value, err := env.QueryWorkflow(workflows.QueryProgress)
			if err != nil {
				return activities.SegmentResult{}, err
			}
			var done workflows.RangeResult
			if err := value.Get(&done); err != nil {
				return activities.SegmentResult{}, err
			}
			seen = append(seen, done.Counts.Scanned)
			return activities.SegmentResult{Cursor: r.After + "x", Done: r.After == "xx", Counts: reconcile.Counts{Scanned: 5}}, nil
		})
	timers := 0
	env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []int64{0, 5, 10}, seen)
	require.Zero(t, timers, "only a segment that came no further is waited after")
}

// TestRangeContinuesWhenTheServerAsks guards histories that grow otherwise than
// by segments: the server's suggestion counts, also in a range without a bound of its own.
func TestRangeContinuesWhenTheServerAsks(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	in.Task = activities.VerifyForward
	env.OnActivity("VerifySegment", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.SegmentRequest) (activities.SegmentResult, error) {
			env.SetContinueAsNewSuggested(true)
			return activities.SegmentResult{Cursor: "c1", Report: &workflows.Verification{Items: 3, Records: 2}}, nil
		})
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Equal(t, workflows.SyncRangeWorkflowName, next.WorkflowType.Name)
	var carried workflows.RangeRequest
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	in.After = "c1"
	in.Done = workflows.RangeResult{Segments: 1, Report: &workflows.Verification{Items: 3, Records: 2}}
	require.Equal(t, in, carried)
}

// TestCancelledRangeBeginsNoOther guards a range that is told to stop while its
// segment works: it ends as cancelled. That it waits for the segment to close
// is an option of the activity, which this environment does not play:
// TestOptionsOfActivities holds it.
func TestCancelledRangeBeginsNoOther(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(activities.SegmentResult{}, activity.ErrResultPending)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	env.AssertNumberOfCalls(t, "SyncSegment", 1)
}

// TestCancelledRangeDoesNotSleepOn is the same between two segments: the pause ends with the range.
func TestCancelledRangeDoesNotSleepOn(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(activities.SegmentResult{}, nil)
	env.RegisterDelayedCallback(env.CancelWorkflow, 500*time.Millisecond)
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	env.AssertNumberOfCalls(t, "SyncSegment", 1)
}

// TestStoppedRangeSaysWhatItDid guards the totals of a cancelled job.
func TestStoppedRangeSaysWhatItDid(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	in.Done.Counts.Written = 100 // of the runs before
	n := 0
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.SegmentRequest) (activities.SegmentResult, error) {
			n++
			did := activities.SegmentResult{Cursor: "c", Counts: reconcile.Counts{Written: 10}}
			if n == 2 {
				return did, temporal.NewCanceledError(did)
			}
			return did, nil
		})
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, env.GetWorkflowError(), &cancelled)
	var done workflows.RangeResult
	require.NoError(t, cancelled.Details(&done))
	require.EqualValues(t, 120, done.Counts.Written)
	require.Equal(t, 1, done.Segments)
}

// TestRangeOfANewerTaskIsLeftToNewerWorkers: the range must not close.
func TestRangeOfANewerTaskIsLeftToNewerWorkers(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	in.Task = "dance"
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var panicked *temporal.PanicError
	require.ErrorAs(t, env.GetWorkflowError(), &panicked, "which the default policy of a worker makes a failed task")
	require.ErrorContains(t, panicked, `too old for the range: it knows no task "dance"`)
}
