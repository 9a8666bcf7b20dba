package starter_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

func TestCancelSignalsWithTheReason(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r2", "r1", running)), nil)
	server.On("SignalWorkflow", mock.Anything, "j", "r2", workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"}).
		Return(nil).Once()
	require.NoError(t, c.Cancel(t.Context(), starter.Handle{ID: "j"}, "wrong model"))
}

func TestCancelOfClosedJob(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", completed)), nil)
	err := c.Cancel(t.Context(), starter.Handle{ID: "j"}, "")
	require.ErrorIs(t, err, starter.ErrOver)
	require.ErrorContains(t, err, "COMPLETED")
}

// Between describe and signal the job continued as new: the signal must not be lost.
func TestCancelReachesTheNextRun(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", running)), nil)
	server.On("SignalWorkflow", mock.Anything, "j", "r1", workflows.SignalCancel, mock.Anything).
		Return(serviceerror.NewNotFound("workflow execution already completed")).Once()
	server.On("SignalWorkflow", mock.Anything, "j", "", workflows.SignalCancel, mock.Anything).Return(nil).Once()
	require.NoError(t, c.Cancel(t.Context(), starter.Handle{ID: "j"}, ""))
}

func TestGate(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("QueryWorkflow", mock.Anything, workflows.GateID, "", workflows.QueryGate).
		Return(encoded(t, workflows.GateState{Limit: 3}), nil)
	state, err := c.Gate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, state.Limit)

	server.On("SignalWorkflow", mock.Anything, workflows.GateID, "", workflows.SignalGateLimit, 5).Return(nil).Once()
	require.NoError(t, c.SetLimit(t.Context(), 5))
	require.ErrorIs(t, c.SetLimit(t.Context(), 0), starter.ErrInvalid)
}

func TestGateThatNobodyStarted(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("QueryWorkflow", mock.Anything, workflows.GateID, "", workflows.QueryGate).Return(client.NewValue(nil), serviceerror.NewNotFound("gate"))
	server.On("SignalWorkflow", mock.Anything, workflows.GateID, "", workflows.SignalGateLimit, 5).Return(serviceerror.NewNotFound("gate"))
	_, err := c.Gate(t.Context())
	require.ErrorIs(t, err, starter.ErrNotFound)
	require.ErrorContains(t, err, "reembed-worker")
	require.ErrorIs(t, c.SetLimit(t.Context(), 5), starter.ErrNotFound)
}
