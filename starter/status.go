package starter

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/workflows"
)

// Codes of a job that ended without saying why, beside those of its activities.
const (
	CodeTerminated = "TERMINATED" // somebody terminated the workflow
	CodeTimedOut   = "TIMED_OUT"  // by a timeout of Temporal's, not the job's own
)

// Status returns all that is known of a job now. Of a running one it includes
// what the open ranges have done so far, and the latest error that is being
// retried.
//
// Errors: ErrInvalid (the id), ErrNotFound, ErrUnreachable, ErrDenied. With ErrNoWorker the status is
// what Temporal itself knows: who, when, and whether the job holds a slot.
func (c *Client) Status(ctx context.Context, h Handle) (workflows.Status, error) {
	d, err := c.describe(ctx, h)
	if err != nil {
		return workflows.Status{}, err
	}
	if !d.running() {
		return c.closed(ctx, d)
	}
	var s workflows.Status
	closed, err := c.query(ctx, d, workflows.QueryStatus, &s)
	if closed {
		// It ended, or continued as new, between the two calls.
		if d, err = c.describe(ctx, h); err != nil {
			return workflows.Status{}, err
		}
		if !d.running() {
			return c.closed(ctx, d)
		}
		_, err = c.query(ctx, d, workflows.QueryStatus, &s)
	}
	if err != nil {
		out := c.outline(d.info)
		out.LastError = d.trouble()
		return out, err
	}
	c.addOpen(ctx, &s.Progress, &s.LastError)
	if e := lastFailure(d.pending); e != "" {
		s.LastError = e
	}
	return s, nil
}

// Progress returns how far a job is, as Status does.
func (c *Client) Progress(ctx context.Context, h Handle) (workflows.Progress, error) {
	s, err := c.Status(ctx, h)
	return s.Progress, err
}

// query asks a run; closed reports that it is not open any more.
func (c *Client) query(ctx context.Context, d description, name string, answer any) (closed bool, err error) {
	id, run := d.info.GetExecution().GetWorkflowId(), d.info.GetExecution().GetRunId()
	cctx, cancel := context.WithTimeout(ctx, c.config.QueryTimeout)
	defer cancel()
	resp, err := twice(cctx, func() (*client.QueryWorkflowWithOptionsResponse, error) {
		return c.temporal.QueryWorkflowWithOptions(cctx, &client.QueryWorkflowWithOptionsRequest{
			WorkflowID: id, RunID: run, QueryType: name,
			QueryRejectCondition: enumspb.QUERY_REJECT_CONDITION_NOT_OPEN,
		})
	})
	switch {
	case err != nil:
		return false, fmt.Errorf("ask job %s for its %s: %w", id, name, classifyQuery(ctx, err))
	case resp.QueryRejected != nil:
		return true, fmt.Errorf("ask job %s for its %s: %w", id, name, ErrOver)
	}
	if err := resp.QueryResult.Get(answer); err != nil {
		return false, fmt.Errorf("read the %s of job %s: %w", name, id, err)
	}
	return false, nil
}

// twice sends a query once more when no answer came in time: a busy server loses
// some, and Temporal's client gives an attempt half of the context's time.
func twice[T any](ctx context.Context, send func() (T, error)) (T, error) {
	answer, err := send()
	if err != nil && ctx.Err() == nil && late(err) {
		return send()
	}
	return answer, err
}

// closed reads the final status of a run from its result, or from the details
// of its failure; where it left none, Temporal's own knowledge has to do.
func (c *Client) closed(ctx context.Context, d description) (workflows.Status, error) {
	s := c.outline(d.info)
	id, run := d.info.GetExecution().GetWorkflowId(), d.info.GetExecution().GetRunId()
	switch d.info.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		event, err := c.closing(ctx, id, run)
		if err != nil {
			return s, err
		}
		s.ErrorCode = CodeTerminated
		s.Reason = event.GetWorkflowExecutionTerminatedEventAttributes().GetReason()
		return s, nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		s.ErrorCode, s.Reason = CodeTimedOut, "Temporal's timeout of the workflow ran out"
		return s, nil
	}
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	var result workflows.Status
	err := c.temporal.GetWorkflow(cctx, id, run).Get(cctx, &result)
	if err == nil {
		return result, nil
	}
	if failed, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		return ended(s, failed), nil
	}
	return s, fmt.Errorf("read the result of job %s: %w", id, classify(ctx, err))
}

// ended fills a status from the failure that a job closed with.
func ended(s workflows.Status, failure *temporal.WorkflowExecutionError) workflows.Status {
	var details interface {
		HasDetails() bool
		Details(d ...any) error
	}
	reason, code := errors.Unwrap(failure).Error(), ""
	if app, ok := errors.AsType[*temporal.ApplicationError](failure); ok {
		details, reason, code = app, app.Message(), app.Type()
	} else if cancelled, ok := errors.AsType[*temporal.CanceledError](failure); ok {
		details, reason = cancelled, ""
	}
	var final workflows.Status
	if details != nil && details.HasDetails() && details.Details(&final) == nil && final.State.Final() {
		s = final
	}
	if s.Reason == "" {
		s.Reason = reason
	}
	if s.ErrorCode == "" {
		s.ErrorCode = code
	}
	return s
}
