package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// work names the activities by method value; it is never called on.
var work *activities.Activities

const (
	// rangeSegments bounds the history of one run of a range.
	rangeSegments = 100
	// stuckPause is waited after a segment that came no further, as those of a
	// stopping worker do.
	stuckPause = time.Second
	// maxRangeFindings and maxRangeFindingBytes bound what one range names; its
	// counts are complete. The ranges of both directions have to fit into one
	// history, whose bound is 50 MB.
	maxRangeFindings     = 50
	maxRangeFindingBytes = 16 << 10
)

// SyncRangeWorkflow does one task with one range, segment by segment. One that is
// cancelled or fails says in the details of its error what it did until then.
func SyncRangeWorkflow(ctx workflow.Context, r RangeRequest) (RangeResult, error) {
	err := workflow.SetQueryHandler(ctx, QueryProgress, func() (RangeResult, error) { return r.Done, nil })
	if err != nil {
		return RangeResult{}, fmt.Errorf("set query handler: %w", err)
	}
	limit := cmp.Or(r.ContinueAfter, rangeSegments)
	for here := 0; ; here++ {
		if here >= limit && r.Task == activities.SyncChanged {
			return r.Done, nil // what is left is the next pass's
		}
		if here >= limit || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return RangeResult{}, workflow.NewContinueAsNewError(ctx, SyncRangeWorkflowName, r)
		}
		res, err := runSegment(ctx, r)
		if err != nil {
			return RangeResult{}, r.stopped(ctx, err)
		}
		stuck := !res.Done && res.Cursor == r.After
		r.add(ctx, res)
		workflow.SetCurrentDetails(ctx, r.Done.markdown())
		if res.Done || r.enough() {
			return r.Done, nil
		}
		if stuck {
			if err := workflow.Sleep(ctx, stuckPause); err != nil {
				return RangeResult{}, r.stopped(ctx, err)
			}
		}
	}
}

// enough reports whether a range has come as far as its pass asked for: over a
// busy source there is always another change.
func (r *RangeRequest) enough() bool { return r.Most > 0 && r.Done.Counts.Scanned >= r.Most }

func runSegment(ctx workflow.Context, r RangeRequest) (activities.SegmentResult, error) {
	ctx = segment(ctx, r.Job, fmt.Sprintf("%s, segment %d", r.Task, r.Done.Segments+1))
	in := activities.SegmentRequest{Job: r.Job, Task: r.Task, Range: r.Range, After: r.After}
	var res activities.SegmentResult
	var err error
	switch r.Task {
	case activities.SyncForward, activities.SyncBackward, activities.SyncChanged, activities.Merge:
		err = workflow.ExecuteActivity(ctx, work.SyncSegment, in).Get(ctx, &res)
	case activities.VerifyForward, activities.VerifyBackward:
		err = workflow.ExecuteActivity(ctx, work.VerifySegment, in).Get(ctx, &res)
	default:
		// Of a newer worker's job: the workflow task fails, not the range.
		panic(fmt.Sprintf("this worker is too old for the range: it knows no task %q; upgrade it", r.Task))
	}
	return res, err
}

// stopped counts what the last segment did before it ended with an error, and
// returns the error that the range ends with.
func (r *RangeRequest) stopped(ctx workflow.Context, err error) error {
	var res activities.SegmentResult
	var lost *temporal.TimeoutError
	switch {
	case told(err, &res):
		r.count(ctx, res)
	case errors.As(err, &lost):
		r.count(ctx, activities.SegmentResult{Late: backends.MaxWriteTimeout})
	}
	if temporal.IsCanceledError(err) {
		return temporal.NewCanceledError(r.Done)
	}
	return temporal.NewApplicationErrorWithOptions(messageOf(err), codeOf(err), temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{r.Done},
	})
}

// add counts a closed segment.
func (r *RangeRequest) add(ctx workflow.Context, res activities.SegmentResult) {
	r.After = res.Cursor
	r.Done.Segments++
	r.count(ctx, res)
}

func (r *RangeRequest) count(ctx workflow.Context, res activities.SegmentResult) {
	r.Done.Counts.Add(res.Counts)
	r.Done.LateUntil = later(r.Done.LateUntil, workflow.Now(ctx), res.Late)
	if res.Report == nil {
		return
	}
	if r.Done.Report == nil {
		r.Done.Report = &Verification{}
	}
	r.Done.Report.Merge(*res.Report)
	r.Done.Report.Findings = verify.Few(r.Done.Report.Findings, maxRangeFindings, maxRangeFindingBytes)
}

func (r RangeResult) markdown() string {
	out := fmt.Sprintf("**%d** looked at in %d segments; %d written, %d deleted",
		r.Counts.Scanned, r.Segments, r.Counts.Written, r.Counts.Deleted)
	if r.Report != nil {
		out = fmt.Sprintf("**%d** items and **%d** records looked at in %d segments: %s",
			r.Report.Items, r.Report.Records, r.Segments, r.Report.Summary())
	}
	return out
}
