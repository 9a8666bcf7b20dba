package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// ReembedWorkflow is one job: it moves a namespace to another model. request is
// an [activities.Request] as JSON, and the only input that a caller gives;
// carried is set by the job itself when it continues as new.
//
// It completes with the final Status. It fails with an ApplicationError whose
// type is one of the codes of package activities and whose details are the
// Status, and closes as canceled with the Status as details.
func ReembedWorkflow(ctx workflow.Context, request json.RawMessage, carried *Carried) (Status, error) {
	r, err := newRun(ctx, request, carried)
	if err != nil {
		return Status{}, err
	}
	return r.end(ctx, r.live(r.interruptible(ctx)))
}

// run is one run of a job's workflow: what is carried, and what belongs to this run only.
type run struct {
	Carried
	request json.RawMessage

	cancels, grants workflow.ReceiveChannel
	interrupt       workflow.CancelFunc // ends the phase that runs
	cancelled       *CancelRequest      // by signal
	timedOut        bool
	clockFrom       time.Time           // zero while the job's clock stands still
	endTimer        workflow.CancelFunc // of the job's timeout; nil where none runs
	granted         []string            // nonces of the grants that came
	open            []string            // workflow ids of the running ranges
	impatient       bool                // a model that does not answer ends it: somebody waits, and can ask again
}

func newRun(ctx workflow.Context, request json.RawMessage, carried *Carried) (*run, error) {
	info := workflow.GetInfo(ctx)
	r := &run{
		request: request,
		cancels: workflow.GetSignalChannel(ctx, SignalCancel),
		grants:  workflow.GetSignalChannel(ctx, activities.SignalSlotGranted),
	}
	if carried != nil {
		leaveToNewer("job", carried.Version, carriedVersion)
	}
	if carried == nil {
		r.Carried = newCarried(info.WorkflowExecution.ID, info.FirstRunID, info.WorkflowStartTime)
	} else if err := carried.check(info.WorkflowExecution.ID, info.FirstRunID); err != nil {
		return nil, r.refuse(err)
	} else {
		r.Carried = *carried
		r.Version = carriedVersion
	}
	if n := len(r.Job.ID); n > MaxJobID {
		return nil, r.refuse(fmt.Errorf("the workflow id has %d bytes, at most %d leave room for the ids of the ranges", n, MaxJobID))
	}
	err := workflow.SetQueryHandler(ctx, QueryStatus, func() (Status, error) { return r.look(), nil })
	if err == nil {
		err = workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return r.look().Progress, nil })
	}
	if err == nil {
		err = workflow.SetUpdateHandlerWithOptions(ctx, UpdateCutover, r.cutOver, workflow.UpdateHandlerOptions{Validator: r.mayCutOver})
	}
	if err != nil {
		return nil, fmt.Errorf("set handlers: %w", err)
	}
	return r, nil
}

// refuse ends a run that was given what it can't go on from.
func (r *run) refuse(err error) error {
	s := r.snapshot()
	s.State, s.ErrorCode, s.Reason = Failed, activities.CodeInvalidRequest, err.Error()
	return failure(s.ErrorCode, s.Reason, s)
}

// live takes the job through its phases, from wherever it is.
func (r *run) live(ctx workflow.Context) error {
	if r.Job.Namespace == "" {
		if err := r.resolve(ctx); err != nil {
			return err
		}
	}
	for !r.done() {
		if err := r.step(ctx); err != nil && !r.requeue(ctx, err) {
			return err
		}
		if r.full(ctx) {
			return r.continueAsNew(ctx)
		}
	}
	return nil
}

// step does what the phase asks for and goes to the next one, or stays for
// another step. Between two steps the job may continue as new.
func (r *run) step(ctx workflow.Context) error {
	switch r.Machine.Phase {
	case Queued:
		return r.queue(ctx)
	case Planning:
		return r.plan(ctx)
	case Preparing:
		return r.prepare(ctx)
	case Copying:
		return r.copyAll(ctx)
	case CatchingUp:
		return r.catchUp(ctx)
	case Indexing:
		return r.index(ctx)
	case Verifying:
		return r.verify(ctx)
	case Ready:
		return r.ready(ctx)
	case Switching:
		return r.switchOver(ctx)
	}
	return internal(fmt.Errorf("no step in phase %q", r.Machine.Phase))
}

// done reports whether nothing is left to do: the route points at the target,
// or a dry run has its plan.
func (r *run) done() bool {
	return r.Machine.Phase == Switched || r.Job.DryRun && r.Status.Plan != nil
}

// full reports whether the history has grown so far that the job should go on
// in a new run. A job that was told to stop ends in this one.
func (r *run) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	long := r.Job.ContinueAfter > 0 && info.GetCurrentHistoryLength() >= r.Job.ContinueAfter
	if !long && !r.stoodForLong(ctx) && !info.GetContinueAsNewSuggested() {
		return false
	}
	r.receive() // a signal that waits unread would be lost
	return ctx.Err() == nil && r.Machine.Cancellable()
}

func (r *run) continueAsNew(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	r.stopClock(ctx)
	return workflow.NewContinueAsNewError(ctx, ReembedWorkflowName, r.request, &r.Carried)
}
