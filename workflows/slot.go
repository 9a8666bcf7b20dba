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
		Nonce: r.Slot.Nonce, Parked: r.Slot.Parked, Turn: r.Slot.Turn,
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
	r.Slot.Held, r.Slot.Parked = true, false
	r.Status.Reason = ""
	if r.Status.RunningSince == nil {
		now := workflow.Now(ctx)
		r.Status.RunningSince = &now
	}
	r.showSlot(ctx, activities.SlotHeld)
	r.startClock(ctx)
}

// park gives the slot back while the job waits for people, and takes back what it
// asked for; the namespace stays the job's. The memo says so before the gate is
// told: one that was ended learns it from there. A grant that comes all the same,
// for what was taken back too late, is given back as well.
func (r *run) park(ctx workflow.Context) {
	switch {
	case r.Slot.Held:
		r.haltClock(ctx)
	case r.Standby.Asked:
		r.withdraw(ctx)
	case r.hasSlot():
		r.giveBack(ctx)
		return
	default:
		return
	}
	held := r.Slot.Held
	r.Slot.Held, r.Slot.Parked, r.Standby.Asked = false, true, false
	r.Slot.Turn++
	r.showSlot(ctx, activities.SlotParked)
	if held || r.hasSlot() {
		r.giveBack(ctx)
	}
}

// giveBack tells the gate that the job does not hold its slot any more. One that
// does not hear it finds out when it looks at the job.
func (r *run) giveBack(ctx workflow.Context) {
	r.granted = slices.DeleteFunc(r.granted, func(nonce string) bool { return nonce == r.Slot.Nonce })
	r.tellGate(ctx, activities.SignalGatePark)
}

// withdraw takes the request back. A gate that does not hear it finds out when
// it looks at the job.
func (r *run) withdraw(ctx workflow.Context) { r.tellGate(ctx, activities.SignalGateWithdraw) }

func (r *run) tellGate(ctx workflow.Context, signal string) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	err := workflow.SignalExternalWorkflow(ctx, GateID, "", signal, r.Slot).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Info("the gate was not told", "what", signal, "error", err)
	}
}
