package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// A job asks again for a slot when it has waited as long as it is old, within
// these bounds: a gate that is ended loses the requests of the last moments, which
// the server's list of jobs does not show yet.
const (
	firstResend = 10 * time.Second
	lastResend  = 3 * time.Minute
)

// askForSlot asks the gate for a slot and waits for the grant. When it returns
// without one the job is to ask again. A job that is stopped while it waits
// takes its request back.
func (r *run) askForSlot(ctx workflow.Context) error {
	r.Slot = activities.SlotRequest{
		Job: r.Job.ID, FirstRun: r.Job.Run, Namespace: r.Job.Namespace,
		Priority: r.Job.Priority.Key(), StartedAt: r.Status.StartedAt.UnixMilli(),
		Nonce: r.Slot.Nonce,
	}
	r.Status.Reason = "waits for a slot"
	r.show(ctx)
	known := r.Slot.Nonce
	actx := short(ctx, r.Job, "ask the gate for a slot")
	err := workflow.ExecuteActivity(actx, work.AcquireSlot, r.Slot).Get(ctx, &r.Slot.Nonce)
	if err == nil {
		if r.Slot.Nonce != known {
			r.showSlot(ctx, activities.SlotWaiting)
		}
		age := elapsed(r.Status.StartedAt, workflow.Now(ctx))
		_, err = workflow.AwaitWithTimeout(ctx, min(max(age, firstResend), lastResend), r.hasSlot)
	}
	if err != nil {
		r.withdraw(ctx)
		return err
	}
	if r.hasSlot() {
		r.takeSlot(ctx)
	}
	return nil
}

// claimSlot tells the gate that the job holds a slot, when it queues again. The
// gate knows it, but for a job that was reset after its end: of that one the
// slot went on to another, and the two together would exceed the limit unseen.
func (r *run) claimSlot(ctx workflow.Context) error {
	actx := short(ctx, r.Job, "tell the gate of the slot")
	return workflow.ExecuteActivity(actx, work.AcquireSlot, r.Slot).Get(ctx, &r.Slot.Nonce)
}

// hasSlot reports whether a grant with the right nonce came. A reset applies old
// signals again, also those that were meant for another run.
func (r *run) hasSlot() bool { return r.Slot.Nonce != "" && slices.Contains(r.granted, r.Slot.Nonce) }

func (r *run) takeSlot(ctx workflow.Context) {
	now := workflow.Now(ctx)
	r.Slot.Held = true
	r.Status.Reason, r.Status.RunningSince = "", &now
	r.showSlot(ctx, activities.SlotHeld)
	r.startClock(ctx)
}

// withdraw takes the request back. A gate that does not hear it finds out when
// it looks at the job.
func (r *run) withdraw(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	err := workflow.SignalExternalWorkflow(ctx, GateID, "", activities.SignalGateWithdraw, r.Slot).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Info("the gate was not told of the withdrawal", "error", err)
	}
}
