package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// begin is when the jobs of these tests start.
var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// newClient makes a client over a mock that fails the test on any call that it
// was not told of, and when it was told of one that did not come.
func newClient(t *testing.T, config starter.Config) (*starter.Client, *mocks.Client) {
	t.Helper()
	temporal := &mocks.Client{}
	temporal.Test(t)
	t.Cleanup(func() { temporal.AssertExpectations(t) })
	return starter.New(temporal, config), temporal
}

// execution describes a run of a job.
func execution(t *testing.T, id, run, first string, status enumspb.WorkflowExecutionStatus) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	info := &workflowpb.WorkflowExecutionInfo{
		Execution:  &commonpb.WorkflowExecution{WorkflowId: id, RunId: run},
		FirstRunId: first, Status: status, StartTime: timestamppb.New(begin),
		Type: &commonpb.WorkflowType{Name: workflows.ReembedWorkflowName},
		Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.MemoJob: payload(t, workflows.JobMemo{
			Namespace: "docs", From: "small", To: "large", Priority: "HIGH", State: workflows.Running, Phase: workflows.Copying,
		})}},
	}
	if status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		info.CloseTime = timestamppb.New(begin.Add(time.Minute))
	}
	return info
}

func payload(t *testing.T, v any) *commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	require.NoError(t, err)
	return p
}

func described(info *workflowpb.WorkflowExecutionInfo, pending ...*workflowpb.PendingActivityInfo) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info, PendingActivities: pending}
}

// pendingActivity is one that sent a heartbeat, or failed, or both.
func pendingActivity(t *testing.T, heartbeat any, attempt int32, failure string) *workflowpb.PendingActivityInfo {
	t.Helper()
	a := &workflowpb.PendingActivityInfo{ActivityType: &commonpb.ActivityType{Name: "SyncSegment"}, Attempt: attempt}
	if heartbeat != nil {
		a.HeartbeatDetails = &commonpb.Payloads{Payloads: []*commonpb.Payload{payload(t, heartbeat)}}
	}
	if failure != "" {
		a.LastFailure = &failurepb.Failure{Message: failure}
	}
	return a
}

// answers makes the mock answer a query of a run.
func answers(t *testing.T, temporal *mocks.Client, id, run, query string, answer any) *mock.Call {
	t.Helper()
	return temporal.On("QueryWorkflowWithOptions", mock.Anything, queryOf(id, run, query)).
		Return(&client.QueryWorkflowWithOptionsResponse{QueryResult: encoded(t, answer)}, nil)
}

func queryOf(id, run, query string) any {
	return mock.MatchedBy(func(r *client.QueryWorkflowWithOptionsRequest) bool {
		return r.WorkflowID == id && r.RunID == run && r.QueryType == query &&
			r.QueryRejectCondition == enumspb.QUERY_REJECT_CONDITION_NOT_OPEN
	})
}

func encoded(t *testing.T, v any) converter.EncodedValue {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(v)
	require.NoError(t, err)
	return client.NewValue(p)
}

// ends makes the mock end a run: with a result, or with the error that a
// workflow closes with that returned err.
func ends(t *testing.T, temporal *mocks.Client, id, run string, result workflows.Status, err error) {
	t.Helper()
	handle := &mocks.WorkflowRun{}
	handle.Test(t)
	get := handle.On("Get", mock.Anything, mock.Anything)
	if err != nil {
		get.Return(closedWith(t, err))
	} else {
		get.Run(func(args mock.Arguments) {
			if s, ok := args.Get(1).(*workflows.Status); ok && s != nil {
				*s = result
			}
		}).Return(nil)
	}
	temporal.On("GetWorkflow", mock.Anything, id, run).Return(handle)
}

// closedWith is what a client sees of a workflow that returned err.
func closedWith(t *testing.T, err error) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.ExecuteWorkflow(func(workflow.Context) error { return err })
	require.True(t, env.IsWorkflowCompleted())
	return env.GetWorkflowError()
}
