package starter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
)

// The errors that callers act on.
var (
	// ErrNotFound: no such job, gate or Temporal namespace; or no longer.
	ErrNotFound = errors.New("not found")
	// ErrExists: there is a job of that id, running or closed.
	ErrExists = errors.New("the job exists already")
	// ErrOver: the job has ended, so that it can't be changed any more.
	ErrOver = errors.New("the job is over")
	// ErrRefused: the job can't do now what it is told.
	ErrRefused = errors.New("refused by the job")
	// ErrInvalid: the request or the configuration can't be right.
	ErrInvalid = errors.New("invalid")
	// ErrUnreachable: Temporal can't be reached, or does not answer in time.
	ErrUnreachable = errors.New("no connection to Temporal")
	// ErrNoWorker: Temporal answers, but no worker does.
	ErrNoWorker = errors.New("no worker answers")
	// ErrDenied: Temporal refuses the credentials.
	ErrDenied = errors.New("refused by Temporal")
)

// classify gives an error of the Temporal client one of the sentinels above.
// The caller's own cancellation stays what it is.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

func kindOf(err error) error {
	switch {
	case is[*serviceerror.NamespaceNotFound](err), is[*serviceerror.NotFound](err):
		return ErrNotFound
	case is[*serviceerror.WorkflowExecutionAlreadyStarted](err):
		return ErrExists
	case is[*serviceerror.InvalidArgument](err):
		return ErrInvalid
	case is[*serviceerror.PermissionDenied](err):
		return ErrDenied
	case is[*serviceerror.WorkflowNotReady](err):
		return ErrNoWorker
	case is[*serviceerror.Unavailable](err), is[*serviceerror.DeadlineExceeded](err),
		is[*serviceerror.NamespaceUnavailable](err), errors.Is(err, context.DeadlineExceeded):
		return ErrUnreachable
	}
	return nil
}

// classifyQuery does the same for a query, which a worker has to answer.
func classifyQuery(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return classify(ctx, err)
	}
	noPoller := is[*serviceerror.FailedPrecondition](err) && strings.Contains(err.Error(), "no poller")
	if noPoller || late(err) {
		return fmt.Errorf("%w: start reembed-worker: %w", ErrNoWorker, err)
	}
	return classify(ctx, err)
}

// late reports whether no answer came in time.
func late(err error) bool {
	return is[*serviceerror.DeadlineExceeded](err) || errors.Is(err, context.DeadlineExceeded)
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
