package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// The codes are a public contract: scripts act on them.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{outcome(workflows.Status{State: workflows.Failed}), 1},
		{outcome(workflows.Status{State: workflows.Failed, ErrorCode: activities.CodeInvalidRequest, Reason: "no such field"}), 2},
		{errFindings, 1},
		{backends.ErrDamaged, 1},
		{errBlocked, 1},
		{usage("no such flag"), 2},
		{usage("open: %w", fs.ErrNotExist), 2},
		{starter.ErrInvalid, 2},
		{catalog.Problems{{File: "f", Text: "wrong"}}, 2},
		{&lineError{"f", 3, "wrong"}, 2},
		{backends.ErrUnsupported, 2},
		{starter.ErrNotFound, 3},
		{backends.ErrNotFound, 3},
		{errors.Join(catalog.ErrNoEntry, backends.ErrNotFound), 2},
		{starter.ErrUnreachable, 4},
		{starter.ErrNoWorker, 4},
		{backends.ErrUnavailable, 4},
		{&backends.ThrottledError{Err: errors.New("slow down")}, 4},
		{outcome(workflows.Status{State: workflows.Cancelled, Reason: "why not"}), 5},
		{starter.ErrExists, 6},
		{starter.ErrOver, 6},
		{backends.ErrConflict, 6},
		{starter.ErrDenied, 7},
		{backends.ErrUnauthorized, 7},
		{context.Canceled, 130},
		// Ctrl-C while a call was under way: not an unreachable server.
		{fmt.Errorf("%w: %w", context.Canceled, starter.ErrUnreachable), 130},
	} {
		require.Equal(t, tc.want, exitCode(tc.err), "%v", tc.err)
		if tc.err != nil {
			require.Equal(t, tc.want, exitCode(fmt.Errorf("wrapped: %w", tc.err)), "%v", tc.err)
		}
	}
}

// Every code is in the help, once.
func TestExitTopicHasEveryCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{exitOK, exitFailed, exitUsage, exitNotFound, exitUnreachable, exitCancelled, exitConflict, exitDenied, exitInterrupted} {
		line := fmt.Sprintf("  %3d  %s\n", code, meaning(code))
		require.NotEmpty(t, meaning(code))
		require.Equal(t, 1, strings.Count(exitTopic(), line))
	}
	require.Len(t, codes(), 9)
}

func TestOutcomeSaysWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	require.NoError(t, outcome(workflows.Status{State: workflows.Completed}))
	for want, s := range map[string]workflows.Status{
		"job failed: JOB_TIMEOUT: ran for 1h0m0s. " + activities.FailureOf(activities.CodeTimeout).Advice: {
			ErrorCode: activities.CodeTimeout, Reason: "ran for 1h0m0s.",
		},
		"job failed: it was terminated: by mistake": {ErrorCode: starter.CodeTerminated, Reason: "by mistake"},
		"job failed: it was terminated":             {ErrorCode: starter.CodeTerminated},
		"job failed: odd":                           {Reason: "odd"},
	} {
		s.State = workflows.Failed
		require.EqualError(t, outcome(s), want)
	}
	require.EqualError(t, outcome(workflows.Status{State: workflows.Cancelled, Reason: "wrong model"}), "job cancelled: wrong model")
}
