package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/activities"
)

var errNoReport = errors.New("a verification came back without a report")

// fail is an error of the job itself, with one of the codes of package activities.
func fail(code, format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), code, nil)
}

// internal is an error that can only be a mistake of this program.
func internal(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), activities.CodeInternal, nil)
}

// failure is what a failed job closes with. It has no cause: a cancellation
// deep inside would make Temporal close the workflow as canceled.
func failure(code, message string, status Status) error {
	return temporal.NewApplicationErrorWithOptions(message, code, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{status},
	})
}

// told reads what a segment or a range did until it was cancelled or failed; it
// reports whether the error says so.
func told(err error, did any) bool {
	var app *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(err, &app) && app.HasDetails():
		return app.Details(did) == nil
	case errors.As(err, &cancelled) && cancelled.HasDetails():
		return cancelled.Details(did) == nil
	}
	return false
}

// codeOf is the code of the error that an activity or a range ended with.
func codeOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() != "" {
		return app.Type()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return activities.CodeUnavailable
	}
	return activities.CodeInternal
}

// messageOf is what it says, without Temporal's wrapping.
func messageOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	return err.Error()
}
