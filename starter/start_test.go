package starter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

func TestStart(t *testing.T) {
	t.Parallel()
	c, server := newClient(t, starter.Config{})
	var opts client.StartWorkflowOptions
	var sent workflows.Request
	run := &mocks.WorkflowRun{}
	run.On("GetID").Return("the-id")
	run.On("GetRunID").Return("the-run")
	server.On("ExecuteWorkflow", mock.Anything, mock.Anything, workflows.ReembedWorkflowName, mock.Anything).
		Run(func(args mock.Arguments) {
			opts, sent = args.Get(1).(client.StartWorkflowOptions), args.Get(3).(workflows.Request)
		}).Return(run, nil)

	h, err := c.Start(t.Context(), workflows.Request{Namespace: "docs", From: "small", To: "large", Priority: "critical"}, starter.StartOptions{})
	require.NoError(t, err)
	require.Equal(t, starter.Handle{ID: "the-id", Run: "the-run"}, h)
	require.Equal(t, activities.Critical, sent.Priority, "in any case")
	require.True(t, strings.HasPrefix(opts.ID, workflows.JobID("docs", "")), opts.ID)
	require.Equal(t, workflows.TaskQueue, opts.TaskQueue)
	require.Equal(t, 1, opts.Priority.PriorityKey)
	require.Equal(t, "docs: small to large", opts.StaticSummary)
	require.Equal(t, workflows.JobMemo{
		Namespace: "docs", From: "small", To: "large", Priority: "CRITICAL",
		State: workflows.Pending, Phase: workflows.Queued,
	}, opts.Memo[workflows.MemoJob])
	// One id is one job, for ever: else a repeated start would run it twice.
	require.True(t, opts.WorkflowExecutionErrorWhenAlreadyStarted)
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, opts.WorkflowIDConflictPolicy)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, opts.WorkflowIDReusePolicy)

	first := opts.ID
	_, err = c.Start(t.Context(), workflows.Request{Namespace: "docs", To: "large"}, starter.StartOptions{})
	require.NoError(t, err)
	require.NotEqual(t, first, opts.ID)
	require.Equal(t, "MEDIUM", opts.Memo[workflows.MemoJob].(workflows.JobMemo).Priority)
	_, err = c.Start(t.Context(), workflows.Request{Namespace: "docs", To: "large"}, starter.StartOptions{ID: "mine"})
	require.NoError(t, err)
	require.Equal(t, "mine", opts.ID)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t, starter.Config{})
	for name, r := range map[string]workflows.Request{
		"namespace": {To: "large"},
		"model":     {Namespace: "docs"},
		"priority":  {Namespace: "docs", To: "large", Priority: "urgent"},
	} {
		_, err := c.Start(t.Context(), r, starter.StartOptions{})
		require.ErrorIs(t, err, starter.ErrInvalid)
		require.ErrorContains(t, err, name, "names what is wrong")
	}
}

// TestStartRefusesAnIDThatCannotBeSent guards the caller against gRPC's words for
// it, which name a header.
func TestStartRefusesAnIDThatCannotBeSent(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t, starter.Config{})
	for _, id := range []string{"ügly", "two\nlines", "\x7f", strings.Repeat("j", workflows.MaxJobID+1)} {
		_, err := c.Start(t.Context(), workflows.Request{Namespace: "docs", To: "large"}, starter.StartOptions{ID: id})
		require.ErrorIs(t, err, starter.ErrInvalid)
		require.ErrorContains(t, err, "job id")
	}
}

func TestErrorsAreClassified(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ cause, want error }{
		{serviceerror.NewWorkflowExecutionAlreadyStarted("there", "", ""), starter.ErrExists},
		{serviceerror.NewUnavailable("down"), starter.ErrUnreachable},
		{serviceerror.NewDeadlineExceeded("late"), starter.ErrUnreachable},
		{serviceerror.NewPermissionDenied("no", ""), starter.ErrDenied},
		{serviceerror.NewNamespaceNotFound("prod"), starter.ErrNotFound},
		{serviceerror.NewInvalidArgument("id too long"), starter.ErrInvalid},
	} {
		c, server := newClient(t, starter.Config{})
		server.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, tc.cause)
		_, err := c.Start(t.Context(), workflows.Request{Namespace: "docs", To: "large"}, starter.StartOptions{ID: "j"})
		require.ErrorIs(t, err, tc.want)
		require.ErrorContains(t, err, "start job j")
		require.ErrorContains(t, err, tc.cause.Error())
	}
	c, server := newClient(t, starter.Config{})
	server.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, errors.New("odd"))
	_, err := c.Start(t.Context(), workflows.Request{Namespace: "docs", To: "large"}, starter.StartOptions{})
	for _, sentinel := range []error{starter.ErrExists, starter.ErrUnreachable, starter.ErrDenied, starter.ErrNotFound, starter.ErrInvalid, starter.ErrNoWorker} {
		require.NotErrorIs(t, err, sentinel)
	}
}
