package activities

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
)

// lookInterval is the pause between two looks at a workflow.
const lookInterval = 200 * time.Millisecond

// linger waits until the children that a job left behind are closed, so that
// the work of a terminated job does not overlap with the next one's; not longer
// than most, as a child may be stuck where no worker is.
func (a *Activities) linger(ctx context.Context, children []*workflow.PendingChildExecutionInfo, most time.Duration) error {
	until := time.Now().Add(most)
	for _, child := range children {
		for {
			d, err := a.Temporal.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), child.GetRunId())
			var gone *serviceerror.NotFound
			switch {
			case errors.As(err, &gone):
			case err != nil:
				return unavailable("describe workflow "+child.GetWorkflowId(), err)
			}
			if d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || !time.Now().Before(until) {
				break
			}
			if err := wait(ctx, lookInterval); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait pauses for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
