package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/reconcile"
)

// SyncSegment does the share of a range of the tasks SyncForward, SyncBackward
// and Merge. Its result, and its heartbeat, are over all attempts: an
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
	collection, err := o.collection(ctx)
	if err != nil {
		return try.with(none), err
	}
	pair := reconcile.Pair{
		Source: o.source, Target: target, Embedder: o.embedder,
		CopiesPayload: o.index.Traits().CopiesPayload, Collection: collection,
	}
	var did reconcile.Result
	switch r.Task {
	case SyncForward:
		did, err = reconcile.Forward(ctx, pair, r.Range, try.base.Cursor, opts)
	case SyncBackward:
		did, err = reconcile.Backward(ctx, pair, r.Range, try.base.Cursor, opts)
	case Merge:
		did, err = mergeRange(ctx, o, pair, r, try.base.Cursor, opts)
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
