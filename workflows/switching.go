package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// ready switches when nothing holds the job back any more, and nothing stands
// against it; see standby.go for how it waits. Behind it cancellation no longer
// applies.
func (r *run) ready(ctx workflow.Context) error {
	why, err := r.heldBack(ctx)
	switch {
	case err != nil:
		return err
	case why.reason != "":
		return r.standBy(ctx, why)
	case !r.Slot.Held:
		return r.askAgain(ctx)
	case r.behind(ctx):
		return r.freshen(ctx)
	case r.outdated(ctx):
		r.Rounds = 0
		return r.to(ctx, Verifying)
	}
	rctx := long(ctx, r.Job, TaskQueue, "conditions of the switch")
	if err := workflow.ExecuteActivity(rctx, work.CheckSwitch, r.Job).Get(ctx, nil); err != nil {
		return r.vetoed(ctx, err)
	}
	r.Standby.Vetoes = 0
	r.receive()
	switch {
	case ctx.Err() != nil:
		return temporal.NewCanceledError()
	case r.windowClosed(ctx):
		return nil
	}
	return r.to(ctx, Switching)
}

// switchOver moves the route. Its outcome has to be known, so it is asked for
// until it is, whatever the job is told meanwhile.
func (r *run) switchOver(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := r.armSoak(ctx); err != nil {
		return err
	}
	var done activities.Switched
	sctx := short(ctx, r.Job, "switch to "+r.Job.Locator)
	if err := workflow.ExecuteActivity(sctx, work.Switch, r.Job).Get(ctx, &done); err != nil {
		return err
	}
	r.Status.Route, r.Status.Former = &done.Route, done.Former
	r.announce(ctx, done)
	r.stragglers(ctx)
	return r.to(ctx, Switched)
}

// changeStragglers marks jobs that look for stragglers: one that an older worker
// switched does not know of any.
const changeStragglers = "stragglers"

// stragglers brings what was written into the former collection of a
// self-contained namespace since the last pass over it into the one that is
// searched now. Writers that have not read the route yet go on; the soak looks
// after them. That it can't be done undoes no switch.
func (r *run) stragglers(ctx workflow.Context) {
	if r.Job.Source == "" || r.Job.Source == r.Job.Locator ||
		workflow.GetVersion(ctx, changeStragglers, workflow.DefaultVersion, 1) != 1 {
		return
	}
	if _, err := r.pass(ctx, []Task{activities.Merge}); err != nil {
		workflow.GetLogger(ctx).Error("merge stragglers", "error", err)
		r.Status.LastError = "what was written into the former collection since the last pass may be missing: " + messageOf(err)
	}
}
