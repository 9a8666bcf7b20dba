package starter_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// sends makes the mock take a cutover update, whose answer is err or an order.
func sends(t *testing.T, server *mocks.Client, by string, err error) {
	t.Helper()
	handle := &mocks.WorkflowUpdateHandle{}
	handle.Test(t)
	handle.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		if order, ok := args.Get(1).(*workflows.CutoverOrder); ok && err == nil {
			*order = workflows.CutoverOrder{By: by, At: begin}
		}
	}).Return(err)
	server.On("UpdateWorkflow", mock.Anything, mock.MatchedBy(func(o client.UpdateWorkflowOptions) bool {
		return o.WorkflowID == "j" && o.RunID == "" && o.FirstExecutionRunID == "r1" && o.UpdateName == workflows.UpdateCutover &&
			o.WaitForStage == client.WorkflowUpdateStageCompleted && o.Args[0] == workflows.CutoverRequest{By: by}
	})).Return(handle, nil).Once()
}

func TestCutoverTellsTheJob(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(described(execution(t, "j", "r2", "r1", running)), nil)
	sends(t, server, "ops", nil)
	order, err := c.Cutover(t.Context(), starter.Handle{ID: "j"}, "ops")
	require.NoError(t, err)
	require.Equal(t, workflows.CutoverOrder{By: "ops", At: begin}, order)
}

func TestCutoverThatIsRefused(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(described(execution(t, "j", "r2", "r1", running)), nil)
	sends(t, server, "ops", temporal.NewApplicationError("job j is in phase copying", workflows.CodeRefused))
	_, err := c.Cutover(t.Context(), starter.Handle{ID: "j"}, "ops")
	require.ErrorIs(t, err, starter.ErrRefused)
	require.ErrorContains(t, err, "job j is in phase copying")
}

func TestCutoverOfNobody(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "over", "").Return(described(execution(t, "over", "r1", "r1", completed)), nil)
	_, err := c.Cutover(t.Context(), starter.Handle{ID: "over"}, "")
	require.ErrorIs(t, err, starter.ErrOver)
	require.ErrorContains(t, err, "COMPLETED")

	server.On("DescribeWorkflowExecution", mock.Anything, "gone", "").Return(nil, serviceerror.NewNotFound("no such workflow"))
	_, err = c.Cutover(t.Context(), starter.Handle{ID: "gone"}, "")
	require.ErrorIs(t, err, starter.ErrNotFound)
}

// A job without a worker can't answer: who waits for it is told what to do.
func TestCutoverWithoutAWorker(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(described(execution(t, "j", "r1", "r1", running)), nil)
	server.On("UpdateWorkflow", mock.Anything, mock.Anything).
		Return(nil, client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded))
	_, err := c.Cutover(t.Context(), starter.Handle{ID: "j"}, "")
	require.ErrorIs(t, err, starter.ErrNoWorker)
	require.ErrorContains(t, err, "start reembed-worker")
}
