package workflows

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

const (
	// maxCatchUps is how many passes may find too much before the job gives up.
	maxCatchUps = 10
	// maxRequeues is how often a job that lost its lease begins anew.
	maxRequeues = 3
	// changeForwardCopy marks jobs that don't sweep a fresh generation: one that an
	// older worker carried on has swept it.
	changeForwardCopy = "forward-copy"
)

// resolve turns the request into a job; the first thing that is done, so that a
// typing error is answered at once.
func (r *run) resolve(ctx workflow.Context) error {
	//workflowcheck:ignore looks at bytes only
	if !json.Valid(r.request) { // no activity could be given it
		return fail(activities.CodeInvalidRequest, "invalid input: request: is not JSON")
	}
	r.readRequest()
	var job Job
	ctx = short(ctx, r.Job, "resolve the request")
	if err := workflow.ExecuteActivity(ctx, work.Resolve, r.request).Get(ctx, &job); err != nil {
		return err
	}
	r.adopt(job)
	r.show(ctx)
	if r.Job.DryRun {
		r.startClock(ctx)
		return r.to(ctx, Planning)
	}
	return nil
}

// readRequest takes what a request says of itself, for lists to show also when
// it is refused. Nothing is done by it.
func (r *run) readRequest() {
	var asked struct {
		Namespace string `json:"namespace"`
		From      string `json:"from"`
		To        string `json:"to"`
		Priority  string `json:"priority"`
	}
	//workflowcheck:ignore decoding JSON into a plain struct
	if json.Unmarshal(r.request, &asked) == nil {
		r.Status.Namespace, r.Status.From, r.Status.To, r.Status.Priority = asked.Namespace, asked.From, asked.To, asked.Priority
	}
}

// adopt takes over what Resolve said, and keeps who the job is.
func (r *run) adopt(job Job) {
	job.ID, job.Run, job.Epoch = r.Job.ID, r.Job.Run, r.Job.Epoch
	r.Job = job
	r.Status.Namespace, r.Status.From, r.Status.To = job.Namespace, job.From, job.To.Name
	r.Status.Priority, r.Status.DryRun = string(job.Priority), job.DryRun
}

// queue waits for a slot, then for the namespace.
func (r *run) queue(ctx workflow.Context) error {
	if r.Slot.Held {
		if err := r.claimSlot(ctx); err != nil {
			return err
		}
	} else if err := r.askForSlot(ctx); err != nil || !r.Slot.Held {
		return err
	}
	r.Status.Reason = fmt.Sprintf("waits until no other job holds namespace %q", r.Job.Namespace)
	r.show(ctx)
	ctx = short(ctx, r.Job, "lease of "+r.Job.Namespace)
	if err := workflow.ExecuteActivity(ctx, work.AcquireLease, r.lean()).Get(ctx, &r.Job.Epoch); err != nil {
		return err
	}
	r.Status.Reason = ""
	return r.to(ctx, Planning)
}

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

func (r *run) resolveAgain(ctx workflow.Context) error {
	var job Job
	ctx = short(ctx, r.Job, "resolve the request again")
	if err := workflow.ExecuteActivity(ctx, work.Resolve, r.request).Get(ctx, &job); err != nil {
		return err
	}
	if job.Fingerprint != r.Job.Fingerprint {
		return fail(activities.CodeCatalogMismatch,
			"the catalog of a worker gives model %s another fingerprint than when the job was started: %s", job.To.Name, activities.Differences(r.Job.To, job.To))
	}
	r.adopt(job)
	return nil
}

// prepare creates the shadow generation, or goes on from one that is there.
func (r *run) prepare(ctx workflow.Context) error {
	pctx := long(ctx, r.Job, TaskQueue, "prepare "+r.Job.Locator)
	var found activities.Prepared
	if err := workflow.ExecuteActivity(pctx, work.Prepare, r.lean()).Get(ctx, &found); err != nil {
		return err
	}
	r.Fresh = found.Fresh && workflow.GetVersion(ctx, changeForwardCopy, workflow.DefaultVersion, 1) == 1
	r.LateUntil = later(r.LateUntil, workflow.Now(ctx), found.Late)
	return r.to(ctx, Copying)
}

// copyAll is the first pass. Where there was nothing it goes forward only: what
// lost its item meanwhile is found by the passes behind it.
func (r *run) copyAll(ctx workflow.Context) error {
	tasks := bothWays
	if r.Fresh {
		tasks = bothWays[:1]
	}
	if err := r.syncPass(ctx, tasks); err != nil {
		return err
	}
	r.CatchUps = 0
	return r.to(ctx, CatchingUp)
}

// catchUp runs passes until one finds so little that the next steps can begin.
func (r *run) catchUp(ctx workflow.Context) error {
	if bound := dirtyBound(r.Status.Progress.ItemsTotal); r.Dirty < 0 || r.Dirty > bound {
		if r.CatchUps >= maxCatchUps {
			return fail(activities.CodeNotConverging,
				"%d passes, and the last one still found %d items and records changed, more than %d", r.CatchUps, r.Dirty, bound)
		}
		r.CatchUps++
		return r.syncPass(ctx, bothWays)
	}
	return r.to(ctx, Indexing)
}

// dirtyBound is how much a pass may find wrong and count as caught up.
func dirtyBound(items int64) int64 { return max(10, items/1000) }

// index builds what searches need, after the copy.
func (r *run) index(ctx workflow.Context) error {
	ictx := long(ctx, r.Job, SyncTaskQueue, "index "+r.Job.Locator)
	if err := workflow.ExecuteActivity(ictx, work.FinishIndex, r.lean()).Get(ctx, nil); err != nil {
		return err
	}
	return r.to(ctx, Verifying)
}

// ready asks whether anything stands against the switch. Behind it cancellation
// no longer applies.
func (r *run) ready(ctx workflow.Context) error {
	rctx := long(ctx, r.Job, TaskQueue, "conditions of the switch")
	if err := workflow.ExecuteActivity(rctx, work.CheckSwitch, r.Job).Get(ctx, nil); err != nil {
		return err
	}
	r.receive()
	if ctx.Err() != nil {
		return temporal.NewCanceledError()
	}
	return r.to(ctx, Switching)
}

// switchOver moves the route. Its outcome has to be known, so it is asked for
// until it is, whatever the job is told meanwhile.
func (r *run) switchOver(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var done activities.Switched
	sctx := short(ctx, r.Job, "switch to "+r.Job.Locator)
	if err := workflow.ExecuteActivity(sctx, work.Switch, r.Job).Get(ctx, &done); err != nil {
		return err
	}
	r.Status.Route, r.Status.Former = &done.Route, done.Former
	return r.to(ctx, Switched)
}

// requeue sends a job that lost its lease back to the queue, a few times: what
// it has copied is found again by its stamps. One that was told to stop while it
// switched is stopped there.
func (r *run) requeue(ctx workflow.Context, err error) bool {
	stopped := ctx.Err() != nil && r.Machine.Cancellable()
	if codeOf(err) != activities.CodeLeaseLost || r.Requeues >= maxRequeues || stopped {
		return false
	}
	if r.to(ctx, Queued) != nil {
		return false
	}
	r.Requeues++
	r.Job.Epoch = 0
	r.Dirty, r.CatchUps, r.Rounds = -1, 0, 0
	r.Status.Plan, r.Status.Verification = nil, nil
	r.Status.LastError = messageOf(err)
	r.stop()
	return true
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
