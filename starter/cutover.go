package starter

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/workflows"
)

// Cutover tells a job that waits for it that it may switch; by is who says so,
// for people, and may be empty. Who says it again is told who was first.
//
// Errors: ErrRefused when the job can't be told now, with the reason; ErrInvalid
// (the id), ErrNotFound, ErrOver, ErrNoWorker, ErrUnreachable, ErrDenied.
func (c *Client) Cutover(ctx context.Context, h Handle, by string) (workflows.CutoverOrder, error) {
	var order workflows.CutoverOrder
	err := c.update(ctx, h, workflows.UpdateCutover, workflows.CutoverRequest{By: by}, &order)
	return order, err
}

// update sends a message that the job answers, or refuses.
func (c *Client) update(ctx context.Context, h Handle, name string, message, answer any) error {
	d, err := c.describe(ctx, h)
	if err != nil {
		return err
	}
	if !d.running() {
		return fmt.Errorf("%s of job %s: %w: it is %s", name, h.ID, ErrOver, stateOf(d.info.GetStatus()))
	}
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	// Without a run: it goes to the one that runs now, also when the job continued as new.
	sent, err := c.temporal.UpdateWorkflow(cctx, client.UpdateWorkflowOptions{
		WorkflowID: h.ID, FirstExecutionRunID: d.info.GetFirstRunId(), UpdateName: name, Args: []any{message},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = sent.Get(cctx, answer)
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("%s of job %s: %w: %s", name, h.ID, ErrRefused, refused.Message())
	}
	if err != nil {
		return fmt.Errorf("%s of job %s: %w", name, h.ID, classifyQuery(ctx, err))
	}
	return nil
}
