package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter"
)

// The exit codes: a public contract, also of `reembed help exit-codes`.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitUnreachable = 4
	exitCancelled   = 5
	exitConflict    = 6
	exitDenied      = 7
	exitInterrupted = 130
)

// The findings of commands that are not errors of anything below.
var (
	errUsage     = errors.New("usage")
	errFailed    = errors.New("job failed")
	errCancelled = errors.New("job cancelled")
	errFindings  = errors.New("not clean")
	errBlocked   = errors.New("the plan has blockers")
)

// exits is the one table of exit codes: the first row with a cause that an error
// wraps gives its code; what no row has is exitFailed.
var exits = []struct {
	code    int
	meaning string
	causes  []error
}{
	{exitOK, "done", nil},
	{exitFailed, "the job failed, a check found something, or anything that no other code says", []error{errFailed, errFindings, errBlocked}},
	{exitCancelled, "the job was cancelled", []error{errCancelled}},
	{exitInterrupted, "interrupted by Ctrl-C or SIGTERM; a job goes on without its watcher", []error{context.Canceled}},
	{exitUsage, "wrong arguments, catalog, request or input file, or a name that the catalog does not have", []error{
		errUsage, catalog.ErrNoEntry, starter.ErrInvalid, backends.ErrInvalidInput, backends.ErrUnsupported,
	}},
	{exitDenied, "Temporal, a store or a provider refuses the credentials", []error{starter.ErrDenied, backends.ErrUnauthorized}},
	{exitConflict, "it exists already, is over already, can't do that now, or another one was faster", []error{
		starter.ErrExists, starter.ErrOver, starter.ErrRefused, backends.ErrConflict,
	}},
	{exitNotFound, "no such job or route, or a store or provider does not have what is asked for", []error{
		starter.ErrNotFound, backends.ErrNotFound, backends.ErrUnknownModel, fs.ErrNotExist,
	}},
	{exitUnreachable, "Temporal, a worker, a store or a provider does not answer, or asks to come later", []error{
		starter.ErrUnreachable, starter.ErrNoWorker, backends.ErrUnavailable, backends.ErrThrottled,
		backends.ErrQuotaExhausted, context.DeadlineExceeded,
	}},
}

// exitCode is the code of what a command ended with.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	for _, row := range exits {
		for _, cause := range row.causes {
			if errors.Is(err, cause) {
				return row.code
			}
		}
	}
	return exitFailed
}

// usageError is what the caller of the program did wrong.
type usageError struct{ err error }

func (e usageError) Error() string   { return e.err.Error() }
func (e usageError) Unwrap() []error { return []error{errUsage, e.err} }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// codes are all exit codes, in their order.
func codes() []int {
	var all []int
	for _, row := range exits {
		all = append(all, row.code)
	}
	slices.Sort(all)
	return all
}

func meaning(code int) string {
	for _, row := range exits {
		if row.code == code {
			return row.meaning
		}
	}
	return ""
}

// exitTopic is the text of `reembed help exit-codes`.
func exitTopic() string {
	var b strings.Builder
	b.WriteString("reembed ends with one of these codes:\n\n")
	for _, code := range codes() {
		fmt.Fprintf(&b, "  %3d  %s\n", code, meaning(code))
	}
	return b.String()
}
