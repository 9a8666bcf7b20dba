package cli

import (
	"fmt"
	"strings"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// outcome is the error that a job's end stands for; nil when it completed.
func outcome(s workflows.Status) error {
	switch s.State {
	case workflows.Failed:
		if s.ErrorCode == activities.CodeInvalidRequest {
			return usage("the job was refused: %s", why(s)) // before anything was begun
		}
		return fmt.Errorf("%w: %s", errFailed, why(s))
	case workflows.Cancelled:
		if s.Reason == "" {
			return errCancelled
		}
		return fmt.Errorf("%w: %s", errCancelled, s.Reason)
	}
	return nil
}

// why says why a job failed, and what to do.
func why(s workflows.Status) string {
	text := strings.TrimSuffix(s.Reason, ".")
	switch s.ErrorCode {
	case "":
		return text
	case starter.CodeTerminated:
		return strings.TrimSuffix("it was terminated: "+text, ": ")
	case starter.CodeTimedOut:
		return text
	}
	return fmt.Sprintf("%s: %s. %s", s.ErrorCode, text, activities.FailureOf(s.ErrorCode).Advice)
}

// advice is what the operator of a failed job is told to do; "" where the
// table of failures does not know how it ended.
func advice(s workflows.Status) string {
	if row := activities.FailureOf(s.ErrorCode); row.Code == s.ErrorCode {
		return row.Advice
	}
	return ""
}
