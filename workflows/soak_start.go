package workflows

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// changeSoak marks jobs that arm a soak before they switch: one that an older
// worker switched has none.
const changeSoak = "soak"

// armSoak starts the soak before the switch, so that it misses nothing that is
// written around it. A job that ends here, however it ends, leaves a soak that
// finds out by itself whether there was a switch.
func (r *run) armSoak(ctx workflow.Context) error {
	if r.Job.SoakSeconds <= 0 || workflow.GetVersion(ctx, changeSoak, workflow.DefaultVersion, 1) != 1 {
		return nil
	}
	for {
		var plan SoakPlan
		actx := long(ctx, r.Job, TaskQueue, "arm the soak")
		if err := workflow.ExecuteActivity(actx, work.ArmSoak, r.lean()).Get(ctx, &plan); err != nil {
			return err
		}
		if plan.Window <= 0 {
			return nil
		}
		// Under no context of the switch: the end of that would cancel the soak.
		free, _ := workflow.NewDisconnectedContext(ctx)
		soak := workflow.ExecuteChildWorkflow(lasting(free, plan), SoakWorkflowName, plan, nil)
		err := soak.GetChildWorkflowExecution().Get(ctx, nil)
		var busy *temporal.ChildWorkflowExecutionAlreadyStartedError
		switch {
		case err == nil:
			r.Status.Soak = SoakID(plan.Namespace)
			return nil
		case !errors.As(err, &busy):
			return err
		}
		// One that has not noticed yet that it is over, or that the job armed before
		// it queued again. What it gives back is armed anew.
		cctx := long(ctx, r.Job, TaskQueue, "end the soak before")
		if err := workflow.ExecuteActivity(cctx, work.ClearSoak, plan).Get(ctx, nil); err != nil {
			return err
		}
	}
}

// lasting is for the soak: it goes on when its job closes.
func lasting(ctx workflow.Context, p activities.SoakPlan) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: SoakID(p.Namespace), TaskQueue: TaskQueue,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		Priority:          priorityOf(p.Active),
		StaticSummary:     "Soak of " + p.Namespace + ": " + p.Active.To.Name + ", " + p.Standby.To.Name + " behind it",
	})
}
