package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

// SyncSegment does the share of a range of the tasks SyncForward, SyncBackward,
// SyncChanged and Merge. Its result, and its heartbeat, are over all attempts: an
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
	pair, err := o.pairOf(ctx)
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
	did, err := sweep(ctx, o, pair, r, try.base.Cursor, opts)
	if a.Observer != nil {
		a.Observer.Synced(did.Counts)
	}
	p.set(try.with(did))
	return try.with(did), err
}

// sweep does a task of a sync with a range, from a cursor on.
func sweep(ctx context.Context, o opened, p reconcile.Pair, r SegmentRequest, after backends.Cursor, opts reconcile.Options) (reconcile.Result, error) {
	switch r.Task {
	case SyncForward:
		return reconcile.Forward(ctx, p, r.Range, after, opts)
	case SyncBackward:
		return reconcile.Backward(ctx, p, r.Range, after, opts)
	case SyncChanged:
		return o.changed(ctx, p, after, opts)
	case Merge:
		return mergeRange(ctx, o, p, r, after, opts)
	}
	return reconcile.Result{Cursor: after}, because(errWorkerTooOld, "task %q is no sync that this one knows", r.Task)
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
