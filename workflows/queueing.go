package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// maxRequeues is how often a job that lost its lease begins anew.
const maxRequeues = 3

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
	r.Suspects, r.Status.Progress.NonConverging = nil, nil
	r.Status.Plan, r.Status.Verification, r.Status.Cutover = nil, nil, nil
	r.Standby, r.Slot.Parked = Standby{}, false
	r.Status.LastError = messageOf(err)
	r.stop()
	return true
}
