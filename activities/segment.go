package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// SyncSegment does the share of a range of the tasks SyncForward and
// SyncBackward. Its result, and its heartbeat, are over all attempts: an
// attempt goes on from where the last one's heartbeat came to. On a stopping
// worker it finishes what it has begun and returns that, not Done. A segment that
// is cancelled or fails has its result among the details of its error.
func (a *Activities) SyncSegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	res, err := a.syncSegment(ctx, r)
	return res, failed(ctx, err, res)
}

func (a *Activities) syncSegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	try, err := a.newAttempt(ctx, r)
	if err != nil {
		return SegmentResult{}, err
	}
	none := reconcile.Result{Cursor: try.base.Cursor}
	p, stop := beat(ctx, try.with(none))
	defer stop()
	if try.orphaned {
		p.set(try.with(none)) // for the next one, though this one may fail at once
	}
	o, err := a.open(ctx, r.Job)
	if err != nil {
		return try.with(none), err
	}
	if err := o.fence(ctx); err != nil {
		return try.with(none), err
	}
	target, err := o.target(ctx)
	if err != nil {
		return try.with(none), err
	}
	opts, err := a.syncOptions(ctx, o)
	if err != nil {
		return try.with(none), err
	}
	try.writesWithin(opts.WriteTimeout)
	opts.Fence = guarded(p, o.fence)
	opts.Report = func(did reconcile.Result) { p.set(try.with(did)) }
	pair := reconcile.Pair{
		Source: o.source, Target: target, Embedder: o.embedder,
		CopiesPayload: o.index.Traits().CopiesPayload,
	}
	var did reconcile.Result
	switch r.Task {
	case SyncForward:
		did, err = reconcile.Forward(ctx, pair, r.Range, try.base.Cursor, opts)
	case SyncBackward:
		did, err = reconcile.Backward(ctx, pair, r.Range, try.base.Cursor, opts)
	default:
		return try.with(none), because(errWorkerTooOld, "task %q is no sync that this one knows", r.Task)
	}
	if a.Observer != nil {
		a.Observer.Synced(did.Counts)
	}
	p.set(try.with(did))
	return try.with(did), err
}

// syncOptions bind the engine to the job: its quarantine, its store, its worker.
func (a *Activities) syncOptions(ctx context.Context, o opened) (reconcile.Options, error) {
	set := a.Settings.WithDefaults()
	q, err := loadQuarantine(ctx, o)
	if err != nil {
		return reconcile.Options{}, err
	}
	return reconcile.Options{
		BatchSize: o.job.BatchSize, Concurrency: set.Concurrency, MemoryBytes: set.MemoryBytes,
		Budget: set.SegmentBudget, WriteTimeout: o.writeTimeout(), Stop: activity.GetWorkerStopChannel(ctx),
		Known: q.known, Quarantine: q.put, Recovered: q.end,
	}, nil
}

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
		CopiesPayload: o.index.Traits().CopiesPayload,
	}, err
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
