package starter_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// pageOf is a request for the page behind a token.
func pageOf(token string) any {
	return mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
		return string(r.GetNextPageToken()) == token &&
			r.GetQuery() == "WorkflowType = 'ReembedWorkflow' AND ExecutionStatus != 'ContinuedAsNew'"
	})
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	plain := execution(t, "plain", "r", "r", running)
	plain.Memo = nil // started by the plain temporal CLI a moment ago
	server.On("ListWorkflow", mock.Anything, pageOf("")).Return(&workflowservice.ListWorkflowExecutionsResponse{
		Executions:    []*workflowpb.WorkflowExecutionInfo{execution(t, "a", "r", "r", running), plain},
		NextPageToken: []byte("more"),
	}, nil)
	server.On("ListWorkflow", mock.Anything, pageOf("more")).Return(&workflowservice.ListWorkflowExecutionsResponse{
		Executions: []*workflowpb.WorkflowExecutionInfo{execution(t, "b", "r", "r", enumspb.WORKFLOW_EXECUTION_STATUS_FAILED)},
	}, nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "a", "").Return(described(execution(t, "a", "r", "r", running)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "plain", "").Return(described(plain), nil)
	states := func(f starter.ListFilter) map[string]workflows.State {
		got := map[string]workflows.State{}
		for s, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			got[s.Job] = s.State
		}
		return got
	}
	require.Equal(t, map[string]workflows.State{"a": workflows.Running, "plain": workflows.Pending, "b": workflows.Failed}, states(starter.ListFilter{}))
	require.Equal(t, map[string]workflows.State{"b": workflows.Failed}, states(starter.ListFilter{State: workflows.Failed}))
	require.Equal(t, map[string]workflows.State{"a": workflows.Running, "b": workflows.Failed}, states(starter.ListFilter{Namespace: "docs"}))
	for s := range c.List(t.Context(), starter.ListFilter{}) {
		require.Equal(t, "a", s.Job)
		break // asks for no second page
	}
	server.AssertNumberOfCalls(t, "ListWorkflow", 3*2+1)
}

func TestListEndsWithAnError(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("down"))
	var got []error
	for _, err := range c.List(t.Context(), starter.ListFilter{}) {
		got = append(got, err)
	}
	require.Len(t, got, 1)
	require.ErrorIs(t, got[0], starter.ErrUnreachable)
}

// A list showed a job as running that was over, for as long as Temporal's
// visibility was behind; and one of a moment ago in no namespace.
func TestListLooksAgainAtWhatIsOpen(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	fresh := execution(t, "fresh", "r", "r", running)
	fresh.Memo = nil
	server.On("ListWorkflow", mock.Anything, pageOf("")).Return(&workflowservice.ListWorkflowExecutionsResponse{
		Executions: []*workflowpb.WorkflowExecutionInfo{
			execution(t, "over", "r", "r", running), fresh, execution(t, "gone", "r", "r", running),
			execution(t, "long", "r2", "r1", running), execution(t, "long", "r1", "r1", running),
		},
	}, nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "over", "").Return(described(execution(t, "over", "r", "r", completed)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "fresh", "").Return(described(execution(t, "fresh", "r", "r", running)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "gone", "").Return(nil, serviceerror.NewUnavailable("down"))
	server.On("DescribeWorkflowExecution", mock.Anything, "long", "").Return(described(execution(t, "long", "r2", "r1", running)), nil)
	jobs := func(f starter.ListFilter) []string {
		var got []string
		for s, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			got = append(got, s.Job+" "+string(s.State))
		}
		return got
	}
	require.Equal(t, []string{"over COMPLETED", "fresh RUNNING", "gone RUNNING", "long RUNNING"}, jobs(starter.ListFilter{}))
	require.Equal(t, []string{"over COMPLETED"}, jobs(starter.ListFilter{State: workflows.Completed}))
	open, err := c.Open(t.Context(), "docs")
	require.NoError(t, err)
	require.Len(t, open, 3)
}

func TestRuns(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "lives", "").Return(described(execution(t, "lives", "r2", "r1", running)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "over", "").Return(described(execution(t, "over", "r1", "r1", completed)), nil)
	server.On("DescribeWorkflowExecution", mock.Anything, "gone", "").Return(nil, serviceerror.NewNotFound("gone"))
	server.On("DescribeWorkflowExecution", mock.Anything, "silent", "").Return(nil, serviceerror.NewUnavailable("down"))
	for _, tt := range []struct {
		id, run string
		runs    bool
	}{{"lives", "r1", true}, {"lives", "", true}, {"lives", "r0", false}, {"over", "r1", false}, {"gone", "r1", false}} {
		runs, err := c.Runs(t.Context(), tt.id, tt.run)
		require.NoError(t, err)
		require.Equal(t, tt.runs, runs, "%s %s", tt.id, tt.run)
	}
	_, err := c.Runs(t.Context(), "silent", "r")
	require.ErrorIs(t, err, starter.ErrUnreachable)
}
