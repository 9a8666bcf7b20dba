package stand

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// every is how often a job is looked at.
const every = 50 * time.Millisecond

// Await watches a job until the condition holds, and returns the status that it
// held for. An error says what was waited for, and where the job was last.
func Await(ctx context.Context, c *starter.Client, h starter.Handle, what string, holds func(workflows.Status) bool) (last workflows.Status, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := false
	_, err = c.Watch(ctx, h, every, func(s workflows.Status) {
		last = s
		if holds(s) {
			found = true
			cancel()
		}
	})
	if found {
		return last, nil
	}
	return last, fmt.Errorf("waited for %s of job %s: last %s in phase %s: %s %s: %w",
		what, h.ID, last.State, last.Phase, last.Reason, last.LastError, errors.Join(err, context.Cause(ctx)))
}
