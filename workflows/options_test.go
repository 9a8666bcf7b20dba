package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// inWorkflow runs f inside a workflow, where there is a context to look at.
func inWorkflow(t *testing.T, f func(workflow.Context)) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		f(ctx)
		return nil
	})
	require.NoError(t, env.GetWorkflowError())
}

// TestOptionsOfActivities guards what the server does when no worker answers:
// work is only heard to have stopped, or told to, by heartbeats; and nothing
// gives up by itself before its job does, except what closes a job.
func TestOptionsOfActivities(t *testing.T) {
	t.Parallel()
	job := Job{Priority: activities.Critical}
	for name, test := range map[string]struct {
		in                           func(workflow.Context) workflow.Context
		queue                        string
		beats, bounded, gates, waits bool
	}{
		"short":      {in: func(c workflow.Context) workflow.Context { return short(c, job, "s") }, queue: "reembed"},
		"long":       {in: func(c workflow.Context) workflow.Context { return long(c, job, "q", "s") }, queue: "q", beats: true, waits: true},
		"segment":    {in: func(c workflow.Context) workflow.Context { return segment(c, job, "s") }, queue: "reembed-sync", beats: true, waits: true},
		"closing":    {in: func(c workflow.Context) workflow.Context { return closing(c, job, "s") }, queue: "reembed", bounded: true},
		"watching":   {in: watching, queue: "reembed-gate", beats: true, gates: true},
		"recovering": {in: recovering, queue: "reembed-gate", gates: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got workflow.ActivityOptions
			inWorkflow(t, func(ctx workflow.Context) { got = workflow.GetActivityOptions(test.in(ctx)) })
			require.Equal(t, test.queue, got.TaskQueue)
			require.Positive(t, got.StartToCloseTimeout, "a stuck attempt ends")
			require.Zero(t, got.ScheduleToCloseTimeout, "a worker whose clock is ahead would miss it before it began")
			require.Equal(t, test.beats, got.HeartbeatTimeout > 0)
			require.LessOrEqual(t, got.HeartbeatTimeout, 15*time.Second, "a terminated job's work has to stop soon")
			require.Equal(t, test.waits, got.WaitForCancellation)
			require.Equal(t, test.bounded, got.RetryPolicy.MaximumAttempts > 0, "other attempts are without number")
			require.LessOrEqual(t, got.RetryPolicy.MaximumInterval, 30*time.Second)
			if test.gates { // it has no job, and goes on whatever happens
				require.Empty(t, got.RetryPolicy.NonRetryableErrorTypes)
				return
			}
			if !test.beats {
				require.LessOrEqual(t, got.StartToCloseTimeout, 30*time.Second, "only then the death of its worker is noticed")
			}
			require.Equal(t, 1, got.Priority.PriorityKey)
			require.Equal(t, "s", got.Summary)
			require.ElementsMatch(t, activities.NonRetryableCodes(), got.RetryPolicy.NonRetryableErrorTypes)
		})
	}
}

// TestOptionsOfRanges guards the ranges of a job that is terminated: they are
// asked to stop, and of one that is cancelled: they are waited for.
func TestOptionsOfRanges(t *testing.T) {
	t.Parallel()
	var got workflow.ChildWorkflowOptions
	inWorkflow(t, func(ctx workflow.Context) {
		got = workflow.GetChildWorkflowOptions(child(ctx, Job{Priority: activities.High}, "id", "s"))
	})
	require.Equal(t, "id", got.WorkflowID)
	require.Equal(t, "reembed", got.TaskQueue)
	require.Equal(t, enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL, got.ParentClosePolicy)
	require.True(t, got.WaitForCancellation)
	require.Equal(t, activities.High.Key(), got.Priority.PriorityKey)
	require.Equal(t, "s", got.StaticSummary)
	require.Zero(t, got.WorkflowExecutionTimeout, "a job's time is the job's matter")
	require.Zero(t, got.WorkflowRunTimeout)
	require.Nil(t, got.RetryPolicy, "activities are tried again, not ranges")
}
