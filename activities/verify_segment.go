package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// VerifySegment does the share of a range of the tasks VerifyForward and
// VerifyBackward, in the same manner as SyncSegment.
func (a *Activities) VerifySegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	res, err := a.verifySegment(ctx, r)
	return res, failed(ctx, err)
}

func (a *Activities) verifySegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	base, err := former(ctx, r)
	if err != nil {
		return SegmentResult{}, err
	}
	if base.Report == nil {
		base.Report = &Verification{}
	}
	p, stop := beat(ctx, base)
	defer stop()
	o, err := a.open(ctx, r.Job)
	if err != nil {
		return base, err
	}
	pair, err := o.verifyPair(ctx)
	if err != nil {
		return base, err
	}
	q, err := loadQuarantine(ctx, o)
	if err != nil {
		return base, err
	}
	opts := verify.Options{
		Budget: a.Settings.WithDefaults().SegmentBudget, Stop: activity.GetWorkerStopChannel(ctx), Known: q.known,
		Seen: func(c backends.Cursor, v Verification) { p.set(base.with(c, v)) },
	}
	if r.Job.Merging {
		if opts.Counts, err = excusing(ctx, o, pair.Target, q.known); err != nil {
			return base, err
		}
	}
	if c := o.capture(); c != nil {
		opts.Moving = (&moving{capture: c, consumer: r.Job.Locator}).among
	}
	var did verify.Result
	switch r.Task {
	case VerifyForward:
		did, err = verify.Forward(ctx, pair, r.Range, base.Cursor, opts)
	case VerifyBackward:
		did, err = verify.Backward(ctx, pair, r.Range, base.Cursor, opts)
	default:
		return base, because(errWorkerTooOld, "task %q is no verification that this one knows", r.Task)
	}
	res := base.with(did.Cursor, did.Report)
	res.Done = did.Done
	return res, err
}

func (o opened) verifyPair(ctx context.Context) (verify.Pair, error) {
	target, err := o.target(ctx)
	return verify.Pair{
		Source: o.source, Target: target, Model: o.model,
		CopiesPayload: o.index.Traits().CopiesPayload, HoldsText: o.job.Source != "",
	}, err
}
