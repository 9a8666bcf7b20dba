package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// changeForwardCopy marks jobs that don't sweep a fresh generation: one that an
// older worker carried on has swept it.
const changeForwardCopy = "forward-copy"

// changeCapture marks jobs that catch up by what the source tells: one that an
// older worker carried on looked at everything.
const changeCapture = "capture"

// plan looks before anything is written. What the request means is resolved
// again: while the job waited another one may have switched the namespace.
func (r *run) plan(ctx workflow.Context) error {
	if !r.Job.DryRun {
		if err := r.resolveAgain(ctx); err != nil {
			return err
		}
	}
	var plan Plan
	pctx := long(ctx, r.Job, TaskQueue, "plan")
	if err := workflow.ExecuteActivity(pctx, work.Plan, r.Job).Get(ctx, &plan); err != nil {
		return err
	}
	r.Status.Plan = &plan
	r.Status.Progress.ItemsTotal = plan.Items
	if r.Job.DryRun {
		return nil
	}
	if len(plan.Blockers) > 0 {
		return fail(activities.CodeBlocked, "the plan has blockers: %s", strings.Join(plan.Blockers, "; "))
	}
	return r.to(ctx, Preparing)
}

// prepare creates the shadow generation, or goes on from one that is there.
func (r *run) prepare(ctx workflow.Context) error {
	pctx := long(ctx, r.Job, TaskQueue, "prepare "+r.Job.Locator)
	var found activities.Prepared
	if err := workflow.ExecuteActivity(pctx, work.Prepare, r.lean()).Get(ctx, &found); err != nil {
		return err
	}
	r.Fresh = found.Fresh && workflow.GetVersion(ctx, changeForwardCopy, workflow.DefaultVersion, 1) == 1
	r.Capture = nil
	if found.Capture != nil && workflow.GetVersion(ctx, changeCapture, workflow.DefaultVersion, 1) == 1 {
		r.Capture = found.Capture
	}
	r.LateUntil = later(r.LateUntil, workflow.Now(ctx), found.Late)
	return r.to(ctx, Copying)
}

// index builds what searches need, after the copy.
func (r *run) index(ctx workflow.Context) error {
	ictx := long(ctx, r.Job, SyncTaskQueue, "index "+r.Job.Locator)
	if err := workflow.ExecuteActivity(ictx, work.FinishIndex, r.lean()).Get(ctx, nil); err != nil {
		return err
	}
	return r.to(ctx, Verifying)
}

// to goes to a phase and shows it.
func (r *run) to(ctx workflow.Context, p Phase) error {
	if err := r.Machine.To(p); err != nil {
		return internal(err)
	}
	r.PhaseItems = 0
	r.Status.Progress.PhaseSince = workflow.Now(ctx)
	r.Status.Progress.ItemsPerSecond, r.Status.Progress.ETASeconds = 0, -1
	r.show(ctx)
	return nil
}

// lean is the job without its list of waived items, which most activities don't
// need and a history can't hold a hundred times.
func (r *run) lean() Job {
	job := r.Job
	job.Waive = nil
	return job
}
