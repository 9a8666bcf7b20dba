package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// RegisterJobs registers what runs on TaskQueue: jobs, ranges, and the short activities.
func RegisterJobs(r worker.Registry, a *activities.Activities) {
	r.RegisterWorkflowWithOptions(ReembedWorkflow, workflow.RegisterOptions{Name: ReembedWorkflowName})
	r.RegisterWorkflowWithOptions(SyncRangeWorkflow, workflow.RegisterOptions{Name: SyncRangeWorkflowName})
	r.RegisterWorkflowWithOptions(SoakWorkflow, workflow.RegisterOptions{Name: SoakWorkflowName})
	for _, activity := range []any{
		a.Resolve, a.AcquireSlot, a.AcquireLease, a.ReleaseLease, a.Plan, a.Prepare,
		a.Subscribe, a.Unsubscribe,
		a.SplitPass, a.NextOpening, a.CheckSwitch, a.Switch, a.Publish, a.PostHook, a.RecordOutcome,
		a.ArmSoak, a.ClearSoak, a.AwaitSwitch, a.LookAtSwitch, a.BeginSoak, a.KeepInStep, a.EndSoak,
	} {
		r.RegisterActivity(activity)
	}
}

// RegisterSync registers what runs on SyncTaskQueue: the long activities.
func RegisterSync(r worker.Registry, a *activities.Activities) {
	for _, activity := range []any{a.SyncSegment, a.VerifySegment, a.FinishIndex, a.VerifySamples, a.VerifyAgain, a.DropFormer} {
		r.RegisterActivity(activity)
	}
}

// RegisterGate registers what runs on GateTaskQueue.
func RegisterGate(r worker.Registry, a *activities.Activities) {
	r.RegisterWorkflowWithOptions(GateWorkflow, workflow.RegisterOptions{Name: GateWorkflowName})
	r.RegisterActivity(a.WatchJob)
	r.RegisterActivity(a.RecoverGate)
}
