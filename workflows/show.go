package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// look is the status as of now, for the queries and the job's end.
func (r *run) look() Status {
	s := r.snapshot()
	s.Progress.OpenRanges = slices.Clone(r.open)
	return s
}

// beginPass starts the numbers of a pass.
func (r *run) beginPass() {
	p := &r.Status.Progress
	p.Pass++
	p.ItemsDone, p.RangesTotal, p.RangesDone = 0, 0, 0
}

// beginTask adds the ranges of one direction.
func (r *run) beginTask(ctx workflow.Context, task Task, split activities.Split) {
	p := &r.Status.Progress
	p.RangesTotal += len(split.Ranges)
	if forward(task) {
		p.ItemsTotal = split.Items
	}
	if task == activities.SyncForward || task == activities.VerifyForward {
		r.Items = split.Items
	}
	r.details(ctx)
}

// advance counts a closed range. The rate is that of the phase; items are
// counted by the forward ranges only, since the backward ones look at the same
// items from the other side.
func (r *run) advance(ctx workflow.Context, task Task, done RangeResult) {
	p := &r.Status.Progress
	p.RangesDone++
	r.count(task, done)
	if took := elapsed(p.PhaseSince, workflow.Now(ctx)).Seconds(); took > 0 && r.PhaseItems > 0 {
		p.ItemsPerSecond = float64(r.PhaseItems) / took
		p.ETASeconds = int64(float64(p.ItemsTotal-p.ItemsDone) / p.ItemsPerSecond)
	}
	r.details(ctx)
}

// count adds what a range did, of which it may not have come to the end.
func (r *run) count(task Task, done RangeResult) {
	if done.LateUntil.After(r.LateUntil) {
		r.LateUntil = done.LateUntil
	}
	p := &r.Status.Progress
	if task == activities.SyncForward || task == activities.SyncBackward || task == activities.SyncChanged {
		p.Totals.Add(done.Counts)
	}
	if !forward(task) {
		return
	}
	items := done.Counts.Scanned
	if done.Report != nil {
		items = done.Report.Items
	}
	p.ItemsDone += items
	p.ItemsTotal = max(p.ItemsTotal, p.ItemsDone)
	if task != activities.SyncChanged {
		r.Items = max(r.Items, p.ItemsDone)
	}
	r.PhaseItems += items
}

func forward(task Task) bool {
	return task == activities.SyncForward || task == activities.VerifyForward || task == activities.SyncChanged
}

// show tells lists and the Web UI where the job is: at changes of phase only,
// since each is an event of its history.
func (r *run) show(ctx workflow.Context) {
	r.details(ctx)
	r.upsert(ctx, MemoJob, JobMemo{
		Namespace: r.Status.Namespace, From: r.Status.From, To: r.Status.To,
		Priority: r.Status.Priority, State: r.Machine.State, Phase: r.Machine.Phase, DryRun: r.Job.DryRun,
	})
}

// showSlot writes down the slot, from which a gate that lost its state recovers.
func (r *run) showSlot(ctx workflow.Context, state string) {
	r.upsert(ctx, MemoSlot, activities.SlotMemo{Request: r.Slot, State: state})
}

func (r *run) upsert(ctx workflow.Context, key string, value any) {
	if err := workflow.UpsertMemo(ctx, map[string]any{key: value}); err != nil {
		workflow.GetLogger(ctx).Error("upsert memo", "key", key, "error", err)
	}
}

// details sets the Markdown that the Web UI shows; it is no event of the history.
func (r *run) details(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, r.look().markdown())
}

func (s Status) markdown() string {
	p := s.Progress
	out := fmt.Sprintf("**%s**, phase **%s**\n\n", s.State, s.Phase)
	if p.Pass > 0 {
		out += fmt.Sprintf("- pass %d: %d of %d items, %d of %d ranges\n", p.Pass, p.ItemsDone, p.ItemsTotal, p.RangesDone, p.RangesTotal) +
			fmt.Sprintf("- %.0f items/s, %s left in this phase\n", p.ItemsPerSecond, seconds(p.ETASeconds)) +
			fmt.Sprintf("- written %d, deleted %d, quarantined %d, tokens %d\n",
				p.Totals.Written, p.Totals.Deleted, p.Totals.Quarantined, p.Totals.Tokens)
	}
	if lag := p.NonConverging; lag != nil {
		out += "- **non-converging**: " + lag.String() + "\n"
	}
	for _, line := range [][2]string{{"reason", s.Reason}, {"error", s.ErrorCode}, {"last error", s.LastError}} {
		if line[1] != "" {
			out += "- " + line[0] + ": " + line[1] + "\n"
		}
	}
	if s.Verification != nil {
		out += "- verification: " + s.Verification.Summary() + "\n"
	}
	return out
}

func seconds(n int64) string {
	if n < 0 {
		return "unknown time"
	}
	return fmt.Sprintf("%d s", n)
}
