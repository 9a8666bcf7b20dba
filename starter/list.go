package starter

import (
	"context"
	"fmt"
	"iter"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/reembed/reembed/workflows"
)

// pageJobs is how many jobs one request for a list asks for.
const pageJobs = 200

// ListFilter narrows a list; the zero value lists all that Temporal still knows.
type ListFilter struct {
	Namespace string          // of the catalog
	State     workflows.State // "": all
}

// List yields jobs, latest first, as Temporal's visibility knows them: a status
// without progress, plan and verification, a second or so behind. The latest
// open ones are looked at, so that none that is over is shown as running. It asks
// for the next page when the caller comes to it, and ends after an error:
// ErrUnreachable, ErrDenied.
func (c *Client) List(ctx context.Context, f ListFilter) iter.Seq2[workflows.Status, error] {
	return func(yield func(workflows.Status, error) bool) {
		request := &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: c.config.Namespace, PageSize: pageJobs,
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus != 'ContinuedAsNew'", workflows.ReembedWorkflowName),
		}
		looks, shown := freshJobs, map[Handle]bool{}
		for {
			page, err := c.listPage(ctx, request)
			if err != nil {
				yield(workflows.Status{}, err)
				return
			}
			for _, info := range page.GetExecutions() {
				s := c.outline(info)
				// A job of a moment ago has not told the lists its namespace yet.
				meant := f.Namespace == "" || s.Namespace == f.Namespace || s.Namespace == ""
				if meant && looks > 0 && !s.State.Final() {
					looks--
					s = c.refresh(ctx, info)
				}
				// A run that has continued as new may still be listed, beside the next one.
				id := Handle{ID: s.Job, Run: s.Run}
				if shown[id] || (f.Namespace != "" && s.Namespace != f.Namespace) || (f.State != "" && s.State != f.State) {
					continue
				}
				shown[id] = true
				if !yield(s, nil) {
					return
				}
			}
			if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
				return
			}
		}
	}
}

func (c *Client) listPage(ctx context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	page, err := c.temporal.ListWorkflow(cctx, r)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", classify(ctx, err))
	}
	return page, nil
}

// Soaks yields the soaks that go on, latest first, as List does jobs: a status
// with namespace, models, phase and the end of the window. Errors: as List.
func (c *Client) Soaks(ctx context.Context) iter.Seq2[workflows.SoakStatus, error] {
	return func(yield func(workflows.SoakStatus, error) bool) {
		request := &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: c.config.Namespace, PageSize: pageJobs,
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflows.SoakWorkflowName),
		}
		for {
			page, err := c.listPage(ctx, request)
			if err != nil {
				yield(workflows.SoakStatus{}, err)
				return
			}
			for _, info := range page.GetExecutions() {
				if !yield(c.soakOutline(info), nil) {
					return
				}
			}
			if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
				return
			}
		}
	}
}

// soakOutline is what Temporal itself knows of a soak.
func (c *Client) soakOutline(info *workflowpb.WorkflowExecutionInfo) workflows.SoakStatus {
	memo := workflows.SoakMemo{Phase: workflows.SoakArmed}
	c.memo(info.GetMemo(), workflows.MemoSoak, &memo)
	return workflows.SoakStatus{
		Soak: info.GetExecution().GetWorkflowId(), Run: info.GetFirstRunId(), Namespace: memo.Namespace, Phase: memo.Phase,
		Active: workflows.SoakSide{Model: memo.Active}, Standby: workflows.SoakSide{Model: memo.Standby}, Until: memo.Until,
	}
}
