package workflows

import (
	"cmp"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// end closes the job: as completed, cancelled or failed, with its final status
// in each case. It is recorded and the namespace given back first; that it could
// not be is logged, and hides nothing.
func (r *run) end(ctx workflow.Context, err error) (Status, error) {
	if workflow.IsContinueAsNewError(err) {
		return Status{}, err
	}
	state := r.conclude(ctx, err)
	if err := r.Machine.End(state, r.Job.DryRun); err != nil {
		return Status{}, failure(activities.CodeInternal, err.Error(), r.look())
	}
	now := workflow.Now(ctx)
	r.Status.FinishedAt = &now
	r.Status.Progress.ETASeconds = 0
	r.show(ctx)
	r.settle(ctx)
	final := r.look()
	switch state {
	case Completed:
		return final, nil
	case Cancelled:
		return Status{}, temporal.NewCanceledError(final)
	}
	return Status{}, failure(final.ErrorCode, final.Reason, final)
}

// conclude decides how the job ended, and says why.
func (r *run) conclude(ctx workflow.Context, err error) State {
	s := &r.Status
	stoppable := r.Machine.Cancellable()
	switch {
	case err == nil:
		s.Reason = ""
		return Completed
	case r.timedOut && stoppable:
		s.ErrorCode = activities.CodeTimeout
		s.Reason = fmt.Sprintf("the job's %s of running time were over in phase %s", r.Job.Timeout, r.Machine.Phase)
	case r.cancelled != nil && stoppable:
		s.Reason = cmp.Or(r.cancelled.Reason, "cancelled")
		return Cancelled
	case ctx.Err() != nil && stoppable:
		s.Reason = "cancelled through Temporal"
		return Cancelled
	default:
		s.ErrorCode, s.Reason = codeOf(err), messageOf(err)
	}
	return Failed
}

// settle records the outcome and gives the namespace back, in a context that no
// cancellation reaches. A dry run has nothing to settle.
func (r *run) settle(ctx workflow.Context) {
	if r.Job.DryRun {
		return
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	final := r.look()
	//workflowcheck:ignore encoding JSON sorts what has no order
	raw, err := json.Marshal(final)
	if err == nil {
		out := activities.Outcome{Job: r.lean(), State: string(final.State), Status: raw}
		err = workflow.ExecuteActivity(closing(ctx, r.Job, "record the outcome"), work.RecordOutcome, out).Get(ctx, nil)
	}
	if err != nil {
		workflow.GetLogger(ctx).Error("record the outcome", "error", err)
		r.Status.LastError = "the outcome could not be recorded: " + messageOf(err)
	}
	if r.Job.Epoch == 0 {
		return
	}
	r.unsubscribe(ctx)
	if r.LateUntil.After(workflow.Now(ctx)) { // who takes it then, knows to wait
		return
	}
	err = workflow.ExecuteActivity(closing(ctx, r.Job, "give the namespace back"), work.ReleaseLease, r.lean()).Get(ctx, nil)
	if err != nil { // the next job sees that this one is closed, and takes it
		workflow.GetLogger(ctx).Error("give the namespace back", "error", err)
	}
}
