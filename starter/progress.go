package starter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/reembed/reembed/workflows"
)

// rangesAtOnce bounds how many ranges are looked at concurrently.
const rangesAtOnce = 8

// firstSegmentEvents is the most events that the history of a range has while
// its first segment runs: started, one workflow task, the activity scheduled,
// and a cancellation with its own task.
const firstSegmentEvents = 9

// forwardInID is what the ids of the ranges of forward tasks contain: an item is
// counted as done once, not a second time as a record.
const forwardInID = "-forward/"

// segment is the part of a segment's heartbeat that is read here. Items count as
// scanned only with their whole page, of a thousand or so; those ahead are done
// with already.
type segment struct {
	Counts workflows.Counts `json:"counts"`
	Ahead  int64            `json:"ahead"`
}

// addOpen adds what the open ranges have done so far. A range that can't be
// looked at right now adds nothing - it closed meanwhile, most likely, and the
// next look at the job has its counts; trouble is shown as the last error.
func (c *Client) addOpen(ctx context.Context, p *workflows.Progress, lastError *string) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		slots = make(chan struct{}, rangesAtOnce)
	)
	for _, id := range p.OpenRanges {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			did, failure := c.openRange(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			p.Totals.Add(did.Counts)
			if strings.Contains(id, forwardInID) {
				p.ItemsDone += did.Counts.Scanned + did.Ahead
			}
			if failure != "" {
				*lastError = failure
			}
		})
	}
	group.Wait()
}

// openRange returns what a range has done so far - its closed segments, which
// it is asked for, and the running one, which says so in its heartbeats - and
// its latest failure.
func (c *Client) openRange(ctx context.Context, id string) (did segment, failure string) {
	resp, err := c.describeWorkflow(ctx, id, "")
	if err != nil {
		if err = classify(ctx, err); errors.Is(err, ErrNotFound) {
			return did, ""
		}
		return did, fmt.Sprintf("describe range %s: %v", id, err)
	}
	for _, a := range resp.GetPendingActivities() {
		var s segment
		if a.GetHeartbeatDetails() != nil && c.config.DataConverter.FromPayloads(a.GetHeartbeatDetails(), &s) == nil {
			did.Counts.Add(s.Counts)
			did.Ahead += s.Ahead
		}
	}
	failure = lastFailure(resp.GetPendingActivities())
	d := description{info: resp.GetWorkflowExecutionInfo()}
	if !d.running() || !hasClosedSegments(d.info) {
		return did, failure
	}
	var done workflows.RangeResult
	closed, err := c.query(ctx, d, workflows.QueryProgress, &done)
	if err != nil && !closed && failure == "" {
		failure = err.Error()
	}
	did.Counts.Add(done.Counts)
	return did, failure
}

// hasClosedSegments spares most ranges the query: they are one segment long.
func hasClosedSegments(info *workflowpb.WorkflowExecutionInfo) bool {
	return info.GetHistoryLength() > firstSegmentEvents || info.GetFirstRunId() != info.GetExecution().GetRunId()
}

// lastFailure is the failure of the pending activity that was retried most
// often, in words; "" when nothing failed.
func lastFailure(pending []*workflowpb.PendingActivityInfo) string {
	var worst *workflowpb.PendingActivityInfo
	for _, a := range pending {
		if a.GetLastFailure() != nil && a.GetAttempt() > worst.GetAttempt() {
			worst = a
		}
	}
	if worst == nil {
		return ""
	}
	return fmt.Sprintf("%s, attempt %d: %s", worst.GetActivityType().GetName(), worst.GetAttempt(), worst.GetLastFailure().GetMessage())
}
