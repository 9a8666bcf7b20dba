package starter

import (
	"context"
	"errors"
	"fmt"

	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/reembed/reembed/workflows"
)

// freshJobs is how many jobs of one list that it has as open are looked at once
// more: lists are a moment behind.
const freshJobs = 20

// refresh looks at a job that a list has as open. One that can't be looked at, or
// whose id is another job's by now, stays as the list has it.
func (c *Client) refresh(ctx context.Context, info *workflowpb.WorkflowExecutionInfo) workflows.Status {
	listed := c.outline(info)
	d, err := c.describe(ctx, Handle{ID: listed.Job, Run: listed.Run})
	if err != nil {
		return listed
	}
	return c.outline(d.info)
}

// Open lists the jobs of a namespace that are not over, latest first: also those
// that wait for a slot. One that was started this moment may be missing.
// Errors: ErrUnreachable, ErrDenied.
func (c *Client) Open(ctx context.Context, namespace string) ([]workflows.Status, error) {
	var open []workflows.Status
	for s, err := range c.List(ctx, ListFilter{Namespace: namespace}) {
		if err != nil {
			return nil, err
		}
		if !s.State.Final() {
			open = append(open, s)
		}
	}
	return open, nil
}

// Runs reports whether a workflow still does: the one of that id with that first
// run, which is how leases name their holders; an empty run is any.
// Errors: ErrUnreachable, ErrDenied.
func (c *Client) Runs(ctx context.Context, id, firstRun string) (bool, error) {
	d, err := c.describeRun(ctx, id, "")
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether %s still runs: %w", id, err)
	}
	return d.running() && (firstRun == "" || d.info.GetFirstRunId() == firstRun), nil
}
