package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/backends"
)

// maxMessage bounds an error's message in the workflow's history.
const maxMessage = 500

// failed turns what an activity ended with into the application error that the
// table says: its type is the code, its message is bounded, and no cause goes
// into the history with it. A cancellation stays one. What the activity did
// until then may go along as details.
func failed(ctx context.Context, err error, did ...any) error {
	var done *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && temporal.IsCanceledError(context.Cause(ctx)):
		return temporal.NewCanceledError(did...)
	case errors.As(err, &done), errors.As(err, &cancelled):
		return err
	case ctx.Err() != nil && context.Cause(ctx) != nil:
		return context.Cause(ctx)
	}
	f := rowOf(err)
	return temporal.NewApplicationErrorWithOptions(bounded(err.Error()), f.Code, temporal.ApplicationErrorOptions{
		NonRetryable:   f.Reaction != Retries,
		NextRetryDelay: backends.RetryAfter(err),
		Details:        did,
	})
}

func rowOf(err error) Failure {
	for _, f := range Failures {
		if f.Sentinel != nil && errors.Is(err, f.Sentinel) {
			return f
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return FailureOf(CodeUnavailable)
	}
	return FailureOf(CodeInternal)
}

// because makes an error one of the job's own conditions, and keeps its words.
func because(condition error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", condition, fmt.Errorf(format, args...))
}

// bounded makes a message fit for the history: one line, of maxMessage bytes.
func bounded(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage-3], "") + "..."
	}
	return s
}
