package starter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/workflows"
)

// Wait returns the final status of a job once it is over, however it ended.
// Errors: ErrInvalid (the id), ErrNotFound, ErrUnreachable, ErrDenied; the context's own.
func (c *Client) Wait(ctx context.Context, h Handle) (workflows.Status, error) {
	if err := checkID(h.ID); err != nil {
		return workflows.Status{}, err
	}
	err := c.temporal.GetWorkflow(ctx, h.ID, h.Run).Get(ctx, nil)
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); err != nil && !ended {
		return workflows.Status{}, fmt.Errorf("wait for job %s: %w", h.ID, classify(ctx, err))
	}
	return c.Status(ctx, h)
}

// Watch shows a job's status to fn, at once and then every so often, until the
// job is over, and returns the final status; fn is told that one too.
//
// A worker or a server that does not answer is no end: fn is shown the last
// known status, with the trouble as its LastError, and Watch goes on. Errors:
// ErrInvalid (the id), ErrNotFound, ErrDenied; ErrUnreachable only at the first look; the context's own.
func (c *Client) Watch(ctx context.Context, h Handle, every time.Duration, fn func(workflows.Status)) (workflows.Status, error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var last workflows.Status
	for {
		now, err := c.Status(ctx, h)
		switch {
		case err == nil:
			last = now
		case ctx.Err() != nil:
			return last, ctx.Err()
		case errors.Is(err, ErrNoWorker) && last.Job == "":
			last = now
			last.LastError = err.Error()
		case last.Job != "" && (errors.Is(err, ErrNoWorker) || errors.Is(err, ErrUnreachable)):
			last.LastError = err.Error()
		default:
			return last, err
		}
		// A job tells of its end a moment before it is closed, while it gives the
		// namespace back: only then it is over for who acts on it.
		if !last.State.Final() || !c.ending(ctx, h) {
			fn(last)
			if last.State.Final() {
				return last, nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// ending reports whether a job that told of its end is not closed yet.
func (c *Client) ending(ctx context.Context, h Handle) bool {
	d, err := c.describe(ctx, h)
	return err == nil && d.running()
}
