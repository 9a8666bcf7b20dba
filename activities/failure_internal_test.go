package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/backends"
)

func TestFailed(t *testing.T) {
	t.Parallel()
	for _, f := range Failures {
		if f.Sentinel == nil {
			continue
		}
		err := failed(t.Context(), fmt.Errorf("read page: %w", fmt.Errorf("driver: %w", f.Sentinel)))
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.Equal(t, f.Code, app.Type())
		require.Equal(t, f.Reaction != Retries, app.NonRetryable(), f.Code)
		require.Contains(t, app.Message(), "read page: driver: ")
		require.NoError(t, errors.Unwrap(app), "a cause would go into the history unbounded")
		require.Same(t, err, failed(t.Context(), err), "wrapped once")
	}
	require.NoError(t, failed(t.Context(), nil))
	for code, cause := range map[string]error{
		CodeInternal:    errors.New("what is this"),
		CodeUnavailable: fmt.Errorf("wait: %w", context.DeadlineExceeded),
	} {
		var app *temporal.ApplicationError
		require.ErrorAs(t, failed(t.Context(), cause), &app)
		require.Equal(t, code, app.Type())
	}
}

// What a job knows of an error comes before what a backend said.
func TestConditionsComeBeforeTheirCauses(t *testing.T) {
	t.Parallel()
	err := because(errLeaseLost, "%w", fmt.Errorf("%w: held by job x", backends.ErrConflict))
	require.Equal(t, CodeLeaseLost, rowOf(err).Code)
	require.ErrorIs(t, err, backends.ErrConflict)
	require.Equal(t, CodeThrottled, rowOf(fmt.Errorf("%w: %w", backends.ErrThrottled, backends.ErrUnavailable)).Code)
}

func TestThrottlingSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	err := failed(t.Context(), fmt.Errorf("embed: %w", &backends.ThrottledError{After: 90 * time.Second, Err: errors.New("429")}))
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
	require.Equal(t, 90*time.Second, app.NextRetryDelay())
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	err := failed(t.Context(), fmt.Errorf("%w: first\nsecond\x00%s", backends.ErrUnavailable, strings.Repeat("ö", 10_000)))
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.LessOrEqual(t, len(app.Message()), maxMessage)
	require.NotContains(t, app.Message(), "\n")
	require.NotContains(t, app.Message(), "\x00")
	require.NotContains(t, app.Message(), "\uFFFD")
	require.True(t, strings.HasSuffix(app.Message(), "..."))
}

func TestACancellationStaysOne(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(temporal.NewCanceledError())
	err := failed(ctx, fmt.Errorf("%w: read page: %w", backends.ErrUnavailable, context.Canceled))
	require.True(t, temporal.IsCanceledError(err))
	require.False(t, temporal.IsApplicationError(err))

	plain, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, failed(plain, backends.ErrConflict), context.Canceled)
}
