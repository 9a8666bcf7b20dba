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
