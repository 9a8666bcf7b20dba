package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/workflows"
)

func rangeEnv(t *testing.T) (*testsuite.TestWorkflowEnvironment, workflows.RangeRequest) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	env.RegisterWorkflowWithOptions(workflows.SyncRangeWorkflow, workflow.RegisterOptions{Name: workflows.SyncRangeWorkflowName})
	a := &activities.Activities{}
	env.RegisterActivity(a.SyncSegment)
	env.RegisterActivity(a.VerifySegment)
	return env, workflows.RangeRequest{
		Job:  workflows.Job{ID: "j", Namespace: "docs", Priority: activities.High},
		Task: activities.SyncForward, Range: backends.Range{From: "a", To: "b"},
	}
}

// segments answers with n segments of ten items each, the last of which is done.
func segments(n int, queue *string, cursors *[]backends.Cursor) any {
	done := 0
	return func(ctx context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
		if queue != nil {
			*queue = activity.GetInfo(ctx).TaskQueue
		}
		*cursors = append(*cursors, r.After)
		done++
		report := &workflows.Verification{Items: 10, Counts: map[verify.Kind]int64{verify.Stale: 30}}
		for i := range 30 {
			report.Findings = append(report.Findings, verify.Finding{Kind: verify.Stale, ID: fmt.Sprint(done, "/", i)})
		}
		res := activities.SegmentResult{
			Cursor: backends.Cursor(fmt.Sprint("c", done)), Done: done == n, Counts: reconcile.Counts{Scanned: 10, Written: 4},
		}
		if r.Task == activities.VerifyForward {
			res.Report = report
		}
		return res, nil
	}
}

func TestRangeGoesSegmentBySegment(t *testing.T) {
	t.Parallel()
	for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward, activities.VerifyForward, activities.VerifyBackward} {
		t.Run(string(task), func(t *testing.T) {
			t.Parallel()
			env, in := rangeEnv(t)
			in.Task = task
			var queue string
			var cursors []backends.Cursor
			name := "SyncSegment"
			if task == activities.VerifyForward || task == activities.VerifyBackward {
				name = "VerifySegment"
			}
			env.OnActivity(name, mock.Anything, mock.Anything).Return(segments(3, &queue, &cursors))
			env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
			require.NoError(t, env.GetWorkflowError())
			var got workflows.RangeResult
			require.NoError(t, env.GetWorkflowResult(&got))
			require.Equal(t, 3, got.Segments)
			require.Equal(t, reconcile.Counts{Scanned: 30, Written: 12}, got.Counts)
			require.Equal(t, []backends.Cursor{"", "c1", "c2"}, cursors)
			require.Equal(t, workflows.SyncTaskQueue, queue)
			if task == activities.VerifyForward {
				require.EqualValues(t, 90, got.Report.Wrong(), "the counts are complete")
				require.Len(t, got.Report.Findings, 50, "of the names there are few: 500 ranges have to fit into a history")
			}
		})
	}
}

func TestRangeContinuesAsNew(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	in.ContinueAfter = 2
	var cursors []backends.Cursor
	answer := segments(3, nil, &cursors)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(answer)
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	var carried workflows.RangeRequest
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	require.Equal(t, backends.Cursor("c2"), carried.After)
	require.Equal(t, in.Range, carried.Range)

	env, _ = rangeEnv(t)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(answer)
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, carried)
	require.NoError(t, env.GetWorkflowError())
	var got workflows.RangeResult
	require.NoError(t, env.GetWorkflowResult(&got))
	require.Equal(t, 3, got.Segments)
	require.EqualValues(t, 30, got.Counts.Scanned)
}

// TestRangeThatComesNoFurtherPauses guards the history against segments that
// stopping workers hand back empty.
func TestRangeThatComesNoFurtherPauses(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	n := 0
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.SegmentRequest) (activities.SegmentResult, error) {
			n++
			return activities.SegmentResult{Done: n == 4}, nil
		})
	begin := env.Now()
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	require.NoError(t, env.GetWorkflowError())
	require.GreaterOrEqual(t, env.Now().Sub(begin), 3*time.Second)
}

func TestRangeKeepsTheCode(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).
		Return(activities.SegmentResult{}, hopeless(activities.CodeQuotaExhausted, "used up"))
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	require.Equal(t, activities.CodeQuotaExhausted, failed.Type())

	env, in = rangeEnv(t)
	in.Task = "dance"
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	require.ErrorContains(t, env.GetWorkflowError(), `"dance"`)
}

// TestLongIDsFitIntoAHistory guards the history of a job with findings in every
// range and ids of 1 KiB: a thousand ranges answered with more than it can hold.
func TestLongIDsFitIntoAHistory(t *testing.T) {
	t.Parallel()
	env, r := rangeEnv(t)
	r.Task = activities.VerifyForward
	report := &workflows.Verification{Counts: map[verify.Kind]int64{verify.Stale: 40}}
	for i := range 40 {
		report.Findings = append(report.Findings, verify.Finding{Kind: verify.Stale, ID: fmt.Sprintf("%01024d", i)})
	}
	env.OnActivity("VerifySegment", mock.Anything, mock.Anything).Return(activities.SegmentResult{Done: true, Report: report}, nil)
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, r)
	require.NoError(t, env.GetWorkflowError())
	var got workflows.RangeResult
	require.NoError(t, env.GetWorkflowResult(&got))
	require.Len(t, got.Report.Findings, 16)
	require.EqualValues(t, 40, got.Report.Counts[verify.Stale], "the counts are complete")
}
