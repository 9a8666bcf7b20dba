package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

// busyPause is waited while a former run's range of the same id still stops.
const busyPause = time.Second

// bothWays are the tasks of a whole sync.
var bothWays = []Task{activities.SyncForward, activities.SyncBackward}

// syncPass syncs the whole key space, or what changed in it.
func (r *run) syncPass(ctx workflow.Context, tasks []Task) error {
	if slices.Contains(tasks, activities.SyncForward) {
		r.Status.Progress.Totals.Quarantined = 0 // each such pass meets the same items again
	}
	done, err := r.pass(ctx, tasks)
	if err != nil {
		return err
	}
	r.Dirty = done.Counts.Dirty()
	return nil
}

// pass runs tasks over the whole key space, one after the other: forward over
// the source's ranges, then backward over the generation's.
func (r *run) pass(ctx workflow.Context, tasks []Task) (RangeResult, error) {
	r.beginPass()
	var total RangeResult
	for _, task := range tasks {
		var split activities.Split
		sctx := long(ctx, r.Job, TaskQueue, fmt.Sprintf("ranges of %s", task))
		in := activities.SplitRequest{Job: r.lean(), Task: task, ItemTime: r.itemTime()}
		if err := workflow.ExecuteActivity(sctx, work.SplitPass, in).Get(ctx, &split); err != nil {
			return total, err
		}
		if len(split.Ranges) == 0 || len(split.Ranges) > activities.MaxRanges {
			return total, internal(fmt.Errorf("%w: %d for %s", errNoRanges, len(split.Ranges), task))
		}
		r.beginTask(ctx, task, split)
		w := window{run: r, task: task, ranges: split.Ranges, total: &total}
		if task == activities.SyncChanged {
			w.most = split.Items
		}
		if err := w.all(ctx); err != nil {
			return total, err
		}
	}
	return total, nil
}

// itemTime is the plan's.
func (r *run) itemTime() time.Duration {
	if r.Status.Plan == nil {
		return 0
	}
	return time.Duration(r.Status.Plan.ItemTime)
}

// errNoRanges guards the contract of SplitPass: a pass over nothing would find nothing wrong.
var errNoRanges = errors.New("the key space was not cut into ranges")

// window runs the ranges of a task, a few at a time.
type window struct {
	*run
	task   Task
	ranges []backends.Range
	most   int64 // see RangeRequest
	total  *RangeResult
	next   int   // the first range that nobody has taken
	err    error // the first that is not merely a cancellation's
}

// all returns when all ranges are closed. The first that fails ends the others.
func (w *window) all(ctx workflow.Context) error {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	group := workflow.NewWaitGroup(ctx)
	for range min(max(w.Job.Window, 1), len(w.ranges)) {
		group.Go(ctx, func(ctx workflow.Context) {
			for w.next < len(w.ranges) && ctx.Err() == nil {
				w.next++
				if err := w.one(ctx, w.next); err != nil {
					w.fail(err)
					cancel()
				}
			}
		})
	}
	group.Wait(ctx)
	if w.err == nil && ctx.Err() != nil {
		return temporal.NewCanceledError()
	}
	return w.err
}

// fail keeps the error that ended the window; the cancellations which that
// brings about come later and say nothing.
func (w *window) fail(err error) {
	if w.err == nil && !temporal.IsCanceledError(err) {
		w.err = err
	}
}

// one runs the n-th range as a child.
func (w *window) one(ctx workflow.Context, n int) error {
	id := RangeID(w.Job.ID, w.Status.Progress.Pass, w.task, n)
	cctx := child(ctx, w.Job, id, fmt.Sprintf("%s, range %d of %d", w.task, n, len(w.ranges)))
	in := RangeRequest{Job: w.lean(), Task: w.task, Range: w.ranges[n-1], Most: w.most}
	w.open = append(w.open, id)
	defer func() { w.open = slices.DeleteFunc(w.open, func(o string) bool { return o == id }) }()
	for {
		var done RangeResult
		err := workflow.ExecuteChildWorkflow(cctx, SyncRangeWorkflowName, in).Get(ctx, &done)
		var busy *temporal.ChildWorkflowExecutionAlreadyStartedError
		switch {
		case errors.As(err, &busy): // of a run that was terminated or reset, and has not stopped yet
			if err := workflow.Sleep(ctx, busyPause); err != nil {
				return err
			}
		case err != nil:
			if told(err, &done) {
				w.count(w.task, done)
			}
			return err
		default:
			return w.closed(ctx, done)
		}
	}
}

// closed adds up a range, and ends a job with too many items that can't be embedded.
func (w *window) closed(ctx workflow.Context, done RangeResult) error {
	w.total.Segments += done.Segments
	w.total.Counts.Add(done.Counts)
	if done.Report != nil {
		if w.total.Report == nil {
			w.total.Report = &Verification{}
		}
		w.total.Report.Merge(*done.Report)
	}
	w.advance(ctx, w.task, done)
	if w.total.Counts.Quarantined > w.Job.MaxFailedItems {
		return fail(activities.CodeTooManyFailedItems,
			"%d items could not be embedded, more than %d", w.total.Counts.Quarantined, w.Job.MaxFailedItems)
	}
	return nil
}
