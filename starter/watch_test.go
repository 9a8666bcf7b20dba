package starter_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// A worker that is killed, or a server that restarts, ends no watching.
func TestWatchOutlivesWorkerAndServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t, starter.Config{})
		describe := func() *mock.Call {
			return server.On("DescribeWorkflowExecution", mock.Anything, "j", "")
		}
		job := described(execution(t, "j", "r1", "r1", running))
		status := workflows.Status{Job: "j", State: workflows.Running, Phase: workflows.Copying}
		describe().Return(job, nil).Times(2)
		answers(t, server, "j", "r1", workflows.QueryStatus, status).Once()
		server.On("QueryWorkflowWithOptions", mock.Anything, mock.Anything).
			Return(nil, serviceerror.NewDeadlineExceeded("nobody")).Times(2)
		describe().Return(nil, serviceerror.NewUnavailable("restarting")).Once()
		describe().Return(described(execution(t, "j", "r1", "r1", completed)), nil).Twice()
		final := workflows.Status{Job: "j", State: workflows.Completed, Phase: workflows.Switched}
		ends(t, server, "j", "r1", final, nil)

		var seen []workflows.Status
		from := time.Now()
		got, err := c.Watch(t.Context(), starter.Handle{ID: "j"}, time.Second, func(s workflows.Status) { seen = append(seen, s) })
		require.NoError(t, err)
		require.Equal(t, final, got)
		require.Len(t, seen, 4)
		require.Empty(t, seen[0].LastError)
		require.Contains(t, seen[1].LastError, "no worker answers")
		require.Contains(t, seen[2].LastError, "no connection to Temporal")
		require.Equal(t, workflows.Copying, seen[2].Phase, "the last that was known")
		require.Equal(t, final, seen[3])
		require.Equal(t, 3*time.Second, time.Since(from))
	})
}

// Who was told of a job's end found it open for a moment: it was told to cancel
// what was over, and held its namespace still.
func TestWatchWaitsUntilTheJobIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t, starter.Config{})
		describe := func() *mock.Call {
			return server.On("DescribeWorkflowExecution", mock.Anything, "j", "")
		}
		final := workflows.Status{Job: "j", State: workflows.Cancelled}
		describe().Return(described(execution(t, "j", "r1", "r1", running)), nil).Twice()
		answers(t, server, "j", "r1", workflows.QueryStatus, final).Once()
		describe().Return(described(execution(t, "j", "r1", "r1", completed)), nil).Twice()
		ends(t, server, "j", "r1", final, nil)
		from, told := time.Now(), 0
		got, err := c.Watch(t.Context(), starter.Handle{ID: "j"}, time.Second, func(workflows.Status) { told++ })
		require.NoError(t, err)
		require.Equal(t, final, got)
		require.Equal(t, time.Second, time.Since(from))
		require.Equal(t, 1, told)
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t, starter.Config{})
		server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
			Return(described(execution(t, "j", "r1", "r1", running)), nil)
		answers(t, server, "j", "r1", workflows.QueryStatus, workflows.Status{Job: "j", State: workflows.Running})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, err := c.Watch(ctx, starter.Handle{ID: "j"}, time.Minute, func(workflows.Status) {
			if n++; n == 2 {
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 2, n)
	})
}

func TestWatchOfUnknownJobFails(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").Return(nil, serviceerror.NewNotFound("j"))
	_, err := c.Watch(t.Context(), starter.Handle{ID: "j"}, time.Second, func(workflows.Status) { t.Error("nothing to show") })
	require.ErrorIs(t, err, starter.ErrNotFound)
}

func TestWaitReturnsHoweverTheJobEnded(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	failed := workflows.Status{Job: "j", State: workflows.Failed}
	ends(t, server, "j", "r1", workflows.Status{}, temporal.NewNonRetryableApplicationError("quota", activities.CodeQuotaExhausted, nil, failed))
	server.On("DescribeWorkflowExecution", mock.Anything, "j", "").
		Return(described(execution(t, "j", "r1", "r1", enumspb.WORKFLOW_EXECUTION_STATUS_FAILED)), nil)
	s, err := c.Wait(t.Context(), starter.Handle{ID: "j", Run: "r1"})
	require.NoError(t, err)
	require.Equal(t, workflows.Failed, s.State)
	require.Equal(t, activities.CodeQuotaExhausted, s.ErrorCode)
}
