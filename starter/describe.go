package starter

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/reembed/reembed/workflows"
)

// description is a run of a job as Temporal describes it.
type description struct {
	info    *workflowpb.WorkflowExecutionInfo
	pending []*workflowpb.PendingActivityInfo
	tries   int32 // of the workflow task that is pending; 0: none is
}

// trouble is what is being tried again, in words; "" when nothing is. A task of
// the workflow itself is tried again when workers fail at it, as those do that
// are older than the one which carried the job on; why is in their logs.
func (d description) trouble() string {
	if failure := lastFailure(d.pending); failure != "" || d.tries < 2 {
		return failure
	}
	return fmt.Sprintf("workers fail at the job's own tasks, attempt %d: look at their logs; is one older than the others?", d.tries)
}

func (d description) running() bool {
	switch d.info.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:
		return true
	}
	return false
}

// describe finds the run of the job that counts now: the latest one, unless the
// handle's job is over and another was started under its id since. ErrInvalid for
// what can be no job's id.
func (c *Client) describe(ctx context.Context, h Handle) (description, error) {
	if err := checkID(h.ID); err != nil {
		return description{}, err
	}
	d, err := c.describeRun(ctx, h.ID, "")
	if err != nil {
		return d, err
	}
	switch name := d.info.GetType().GetName(); name {
	case workflows.ReembedWorkflowName:
	case workflows.SoakWorkflowName:
		return d, fmt.Errorf("%w: workflow %s is the soak of a namespace, not a job: see 'reembed soak'", ErrNotFound, h.ID)
	default:
		return d, fmt.Errorf("%w: workflow %s is a %s, not a job", ErrNotFound, h.ID, name)
	}
	if h.Run == "" || d.info.GetFirstRunId() == h.Run || d.info.GetExecution().GetRunId() == h.Run {
		return d, nil
	}
	for run := h.Run; ; {
		if d, err = c.describeRun(ctx, h.ID, run); err != nil {
			return d, err
		}
		if d.info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
			return d, nil
		}
		event, err := c.closing(ctx, h.ID, run)
		if err != nil {
			return d, err
		}
		run = event.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
}

func (c *Client) describeRun(ctx context.Context, id, run string) (description, error) {
	resp, err := c.describeWorkflow(ctx, id, run)
	if err != nil {
		err = classify(ctx, err)
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("job %s: %w in Temporal namespace %s", id, err, c.config.Namespace)
		}
		return description{}, err
	}
	return describes(resp), nil
}

func describes(d *workflowservice.DescribeWorkflowExecutionResponse) description {
	return description{
		info: d.GetWorkflowExecutionInfo(), pending: d.GetPendingActivities(),
		tries: d.GetPendingWorkflowTask().GetAttempt(),
	}
}

func (c *Client) describeWorkflow(ctx context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	return c.temporal.DescribeWorkflowExecution(ctx, id, run)
}

// closing returns the event that closed a run.
func (c *Client) closing(ctx context.Context, id, run string) (*historypb.HistoryEvent, error) {
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	events := c.temporal.GetWorkflowHistory(cctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	if !events.HasNext() {
		return nil, fmt.Errorf("job %s: %w: no closing event of run %s", id, ErrNotFound, run)
	}
	event, err := events.Next()
	if err != nil {
		return nil, fmt.Errorf("read how job %s ended: %w", id, classify(ctx, err))
	}
	return event, nil
}

// stateOf is the public state of a workflow's status.
func stateOf(s enumspb.WorkflowExecutionStatus) workflows.State {
	switch s {
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return workflows.Completed
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return workflows.Cancelled
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED,
		enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return workflows.Failed
	}
	return workflows.Running
}
