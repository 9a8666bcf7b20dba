package starter

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/workflows"
)

// Cancel asks a job to end, and tells it why. The job then stops its ranges and
// closes as CANCELLED; Wait sees that. A job whose switch has begun completes
// all the same. Errors: ErrInvalid (the id), ErrNotFound, ErrOver, ErrUnreachable, ErrDenied.
func (c *Client) Cancel(ctx context.Context, h Handle, reason string) error {
	d, err := c.describe(ctx, h)
	if err != nil {
		return err
	}
	if !d.running() {
		return fmt.Errorf("cancel job %s: %w: it is %s", h.ID, ErrOver, stateOf(d.info.GetStatus()))
	}
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	run := d.info.GetExecution().GetRunId()
	err = c.temporal.SignalWorkflow(cctx, h.ID, run, workflows.SignalCancel, workflows.CancelRequest{Reason: reason})
	if err = classify(ctx, err); errors.Is(err, ErrNotFound) {
		// It closed or continued as new between the two calls: the latter has
		// another run, and the signal goes there.
		if d, derr := c.describe(ctx, h); derr == nil && !d.running() {
			return fmt.Errorf("cancel job %s: %w: it is %s", h.ID, ErrOver, stateOf(d.info.GetStatus()))
		}
		err = classify(ctx, c.temporal.SignalWorkflow(cctx, h.ID, "", workflows.SignalCancel, workflows.CancelRequest{Reason: reason}))
	}
	if err != nil {
		return fmt.Errorf("cancel job %s: %w", h.ID, err)
	}
	return nil
}
