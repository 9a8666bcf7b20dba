package starter_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

const (
	running   = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	completed = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
)

func TestStatusOfRunningJobAddsOpenRanges(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	forward, backward, closed := "j/1/sync-forward/1", "j/1/sync-backward/1", "j/1/sync-forward/2"
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", running)), nil)
	answers(t, server, "j", "r1", workflows.QueryStatus, workflows.Status{
		Job: "j", State: workflows.Running, Phase: workflows.Copying,
		Progress: workflows.Progress{
			ItemsDone: 1000, ItemsTotal: 8000, Totals: workflows.Counts{Scanned: 1000},
			OpenRanges: []string{forward, backward, closed},
		},
	})

	// A range in its second segment: the running one tells by heartbeat, the
	// closed one by query.
	long := execution(t, forward, "f2", "f1", running)
	server.On("DescribeWorkflowExecution", mock.Anything, forward, "").Return(described(long,
		pendingActivity(t, activities.SegmentResult{Counts: workflows.Counts{Scanned: 300, Written: 420}, Ahead: 120}, 2, "store is away")), nil)
	answers(t, server, forward, "f2", workflows.QueryProgress, workflows.RangeResult{Counts: workflows.Counts{Scanned: 500, Written: 500}})

	// A backward range in its first segment is not asked, and its records are no items.
	first := execution(t, backward, "b1", "b1", running)
	first.HistoryLength = 6
	server.On("DescribeWorkflowExecution", mock.Anything, backward, "").Return(described(first,
		pendingActivity(t, activities.SegmentResult{Counts: workflows.Counts{Scanned: 40, Deleted: 3}}, 1, "")), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, closed, "").Return(nil, serviceerror.NewNotFound("closed"))

	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.NoError(t, err)
	require.EqualValues(t, 1000+420+500, s.Progress.ItemsDone, "a page that is half written counts")
	require.Equal(t, workflows.Counts{Scanned: 1840, Written: 920, Deleted: 3}, s.Progress.Totals)
	require.Equal(t, "SyncSegment, attempt 2: store is away", s.LastError)
}

// A closed job must not be queried: that would need a worker that can still
// replay it. The mock refuses queries that it was not told of.
func TestStatusOfClosedJobNeedsNoWorker(t *testing.T) {
	t.Parallel()
	final := workflows.Status{Job: "j", Namespace: "docs", Phase: workflows.Verifying}
	of := func(s workflows.State, reason string) workflows.Status {
		out := final
		out.State, out.Reason = s, reason
		return out
	}
	for name, tc := range map[string]struct {
		status enumspb.WorkflowExecutionStatus
		result workflows.Status
		err    error
		want   func(*testing.T, workflows.Status)
	}{
		"completed": {
			status: completed, result: of(workflows.Completed, ""),
			want: func(t *testing.T, s workflows.Status) { require.Equal(t, of(workflows.Completed, ""), s) },
		},
		"failed with status": {
			status: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED,
			err:    temporal.NewNonRetryableApplicationError("missing 3", activities.CodeVerification, nil, of(workflows.Failed, "")),
			want: func(t *testing.T, s workflows.Status) {
				require.Equal(t, workflows.Failed, s.State)
				require.Equal(t, workflows.Verifying, s.Phase)
				require.Equal(t, activities.CodeVerification, s.ErrorCode)
				require.Equal(t, "missing 3", s.Reason)
			},
		},
		"failed without status": {
			status: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED,
			err:    temporal.NewNonRetryableApplicationError("no such field", activities.CodeInvalidRequest, nil),
			want: func(t *testing.T, s workflows.Status) {
				require.Equal(t, workflows.Failed, s.State)
				require.Equal(t, "docs", s.Namespace, "from the memo")
				require.Equal(t, "no such field", s.Reason)
				require.Equal(t, begin.Add(60e9), *s.FinishedAt)
			},
		},
		"cancelled": {
			status: enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
			err:    temporal.NewCanceledError(of(workflows.Cancelled, "wrong model")),
			want: func(t *testing.T, s workflows.Status) {
				require.Equal(t, of(workflows.Cancelled, "wrong model"), s)
			},
		},
		"cancelled without status": {
			status: enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
			err:    temporal.NewCanceledError(),
			want: func(t *testing.T, s workflows.Status) {
				require.Equal(t, workflows.Cancelled, s.State)
				require.Empty(t, s.Reason)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := newClient(t, starter.Config{})
			server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
				Return(described(execution(t, "j", "r1", "r1", tc.status)), nil)
			ends(t, server, "j", "r1", tc.result, tc.err)
			s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
			require.NoError(t, err)
			tc.want(t, s)
		})
	}
}

func TestStatusOfTerminatedJobSaysWhy(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED)), nil)
	closes(t, server, "j", "r1", &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
		WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Reason: "by mistake"},
	}})
	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.NoError(t, err)
	require.Equal(t, workflows.Failed, s.State)
	require.Equal(t, starter.CodeTerminated, s.ErrorCode)
	require.Equal(t, "by mistake", s.Reason)
	require.Equal(t, workflows.Copying, s.Phase)
}

func TestStatusOfTimedOutWorkflow(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT)), nil)
	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.NoError(t, err)
	require.Equal(t, workflows.Failed, s.State)
	require.Equal(t, starter.CodeTimedOut, s.ErrorCode)
}

// The job ends between describe and query.
func TestStatusOfJobThatEndsMeanwhile(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", running)), nil).Once()
	server.On("QueryWorkflowWithOptions", mock.Anything, queryOf("j", "r1", workflows.QueryStatus)).
		Return(&client.QueryWorkflowWithOptionsResponse{QueryRejected: &querypb.QueryRejected{Status: completed}}, nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", completed)), nil).Once()
	ends(t, server, "j", "r1", workflows.Status{Job: "j", State: workflows.Completed}, nil)
	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.NoError(t, err)
	require.Equal(t, workflows.Completed, s.State)
}

func TestStatusWithoutWorkerIsWhatTemporalKnows(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"nobody polls": serviceerror.NewFailedPrecondition("no poller seen for task queue recently, worker may be down"),
		"no answer":    serviceerror.NewDeadlineExceeded("query timed out"),
		"not ready":    serviceerror.NewWorkflowNotReady("the first task is still to come"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := newClient(t, starter.Config{})
			server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
				Return(described(execution(t, "j", "r2", "r1", running), pendingActivity(t, nil, 4, "catalog differs")), nil)
			server.On("QueryWorkflowWithOptions", mock.Anything, mock.Anything).Return(nil, cause)
			s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
			require.ErrorIs(t, err, starter.ErrNoWorker)
			require.Equal(t, "r1", s.Run)
			require.Equal(t, workflows.Running, s.State)
			require.Equal(t, workflows.Copying, s.Phase)
			require.Equal(t, "docs", s.Namespace)
			require.Equal(t, "SyncSegment, attempt 4: catalog differs", s.LastError)
		})
	}
}

// A server that is busy loses a query now and then: that is not yet no worker.
func TestLostQueryIsSentAgain(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	lost := serviceerror.NewDeadlineExceeded("query timed out")
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(described(execution(t, "j", "r1", "r1", running)), nil)
	server.On("QueryWorkflowWithOptions", mock.Anything, mock.Anything).Return(nil, lost).Once()
	answers(t, server, "j", "r1", workflows.QueryStatus, workflows.Status{Job: "j", State: workflows.Running}).Once()
	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.NoError(t, err)
	require.Equal(t, "j", s.Job)

	server.On("QueryWorkflow", mock.Anything, workflows.GateID, "", workflows.QueryGate).Return(nil, lost).Once()
	server.On("QueryWorkflow", mock.Anything, workflows.GateID, "", workflows.QueryGate).
		Return(encoded(t, workflows.GateState{Limit: 3}), nil).Once()
	gate, err := c.Gate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, gate.Limit)
}

// Workers that can't go on with a job looked like no workers at all.
func TestStatusTellsOfWorkersThatFailAtTheJob(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	failing := described(execution(t, "j", "r2", "r1", running))
	failing.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{Attempt: 3}
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(failing, nil)
	server.On("QueryWorkflowWithOptions", mock.Anything, mock.Anything).Return(nil, serviceerror.NewDeadlineExceeded("query timed out"))
	s, err := c.Status(t.Context(), starter.Handle{ID: "j"})
	require.ErrorIs(t, err, starter.ErrNoWorker)
	require.Contains(t, s.LastError, "attempt 3")
	require.Contains(t, s.LastError, "look at their logs")
}

func TestStatusOfWhatIsNoJob(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	gate := execution(t, "reembed-gate", "r1", "r1", running)
	gate.Type.Name = workflows.GateWorkflowName
	server.On("DescribeWorkflowExecution", mock.Anything, "reembed-gate", "").Return(described(gate), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "gone", "").Return(nil, serviceerror.NewNotFound("gone"))
	for _, id := range []string{"reembed-gate", "gone"} {
		_, err := c.Status(t.Context(), starter.Handle{ID: id})
		require.ErrorIs(t, err, starter.ErrNotFound)
		require.ErrorContains(t, err, id)
	}
}

// Somebody started another job under the id: the handle's own job is followed
// along its runs to the one that ended it.
func TestStatusFollowsTheHandlesOwnJob(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "new", "new", running)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "r1").
		Return(described(execution(t, "j", "r1", "r1", enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW)), nil)
	closes(t, server, "j", "r1", &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionContinuedAsNewEventAttributes{
		WorkflowExecutionContinuedAsNewEventAttributes: &historypb.WorkflowExecutionContinuedAsNewEventAttributes{NewExecutionRunId: "r2"},
	}})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "r2").
		Return(described(execution(t, "j", "r2", "r1", completed)), nil)
	ends(t, server, "j", "r2", workflows.Status{Job: "j", Run: "r1", State: workflows.Completed}, nil)
	s, err := c.Status(t.Context(), starter.Handle{ID: "j", Run: "r1"})
	require.NoError(t, err)
	require.Equal(t, "r1", s.Run)
}

// closes gives a run its closing event.
func closes(t *testing.T, server *mocks.Client, id, run string, event *historypb.HistoryEvent) {
	t.Helper()
	events := &mocks.HistoryEventIterator{}
	events.Test(t)
	events.On("HasNext").Return(true)
	events.On("Next").Return(event, nil)
	server.On("GetWorkflowHistory", mock.Anything, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT).Return(events)
}
