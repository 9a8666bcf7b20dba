package activities

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

// attempt is one try at a segment of a sync, on top of what the tries before it did.
type attempt struct {
	base  SegmentResult
	begun time.Time
	// orphaned: the try before was given up on, and may still be at work.
	orphaned bool
	until    time.Time // no write of a try that was given up on lands later
}

// newAttempt takes up a segment where the former attempt's heartbeat says.
func (a *Activities) newAttempt(ctx context.Context, r SegmentRequest) (attempt, error) {
	base, err := former(ctx, r)
	if err != nil {
		return attempt{}, err
	}
	t := attempt{base: base, begun: time.Now(), orphaned: a.orphaned(ctx)}
	t.writesWithin(backends.MaxWriteTimeout)
	return t, nil
}

// writesWithin says how long a write may take. A try is given up on before the
// next begins, and begins no write afterwards: see pulse.awake.
func (t *attempt) writesWithin(most time.Duration) {
	t.until = t.begun.Add(t.base.Late)
	if orphans := t.begun.Add(most); t.orphaned && orphans.After(t.until) {
		t.until = orphans
	}
}

// with is what all tries did together.
func (t *attempt) with(did reconcile.Result) SegmentResult {
	res := t.base.plus(did.Cursor, did.Counts)
	res.Late = max(0, time.Until(t.until))
	res.Ahead = did.Ahead
	res.Done = did.Done
	return res
}

// orphaned reports whether the attempt before this one timed out, so that nobody
// knows whether it has ended. Where that can't be found out, it may be so.
func (a *Activities) orphaned(ctx context.Context) bool {
	info := activity.GetInfo(ctx)
	if info.Attempt <= 1 {
		return false
	}
	d, err := a.Temporal.DescribeWorkflowExecution(ctx, info.WorkflowExecution.ID, info.WorkflowExecution.RunID)
	if err != nil {
		return true
	}
	for _, p := range d.GetPendingActivities() {
		if p.GetActivityId() == info.ActivityID && p.GetLastFailure() != nil {
			return p.GetLastFailure().GetTimeoutFailureInfo() != nil
		}
	}
	return true
}

// writeTimeout is what one write to the job's index may take.
func (o opened) writeTimeout() time.Duration {
	return min(cmp.Or(o.index.Traits().WriteTimeout, backends.MaxWriteTimeout), backends.MaxWriteTimeout)
}

// guarded asks before each write whether this attempt still is the one, as far as
// it can know by itself, and then the fence.
func guarded(p *pulse, fence func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if silence := p.overslept(); silence > 0 {
			return fmt.Errorf("%w: this worker stood still for %s, and its segment went to another", backends.ErrUnavailable, silence)
		}
		return fence(ctx)
	}
}

// former is what earlier attempts of the segment did.
func former(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	res := SegmentResult{Cursor: r.After}
	if !activity.HasHeartbeatDetails(ctx) {
		return res, nil
	}
	if err := activity.GetHeartbeatDetails(ctx, &res); err != nil {
		return res, fmt.Errorf("read the former attempt's heartbeat: %w", err)
	}
	res.Done, res.Ahead = false, 0
	return res, nil
}

// plus is what was done before, and now.
func (r SegmentResult) plus(c backends.Cursor, n Counts) SegmentResult {
	r.Cursor = c
	r.Counts.Add(n)
	return r
}

// with is what was found before, and now; r stays as it is.
func (r SegmentResult) with(c backends.Cursor, v Verification) SegmentResult {
	both := Verification{}
	both.Merge(*r.Report)
	both.Merge(v)
	r.Cursor, r.Report = c, &both
	r.Counts.Scanned = both.Items + both.Records
	return r
}
