package activities

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// soakNow returns the namespace's soak while its workflow runs; ok is false where
// there is none. One that was terminated left a record, and is over.
func (a *Activities) soakNow(ctx context.Context, reg backends.Registry, namespace string) (s records.Soak, ok bool, err error) {
	s, err = records.GetSoak(ctx, reg, namespace)
	if errors.Is(err, backends.ErrNotFound) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	runs, err := a.runs(ctx, s.Workflow)
	if err != nil || !runs {
		return s, false, err
	}
	if s.State == records.SoakArmed { // it may not have noticed the switch yet
		now, err := route.Get(ctx, reg, namespace)
		switch {
		case errors.Is(err, backends.ErrNotFound):
		case err != nil:
			return s, false, err
		case now.Locator == s.Active.Locator:
			s.State = records.SoakSoaking
		}
	}
	return s, true, nil
}

// checkSoaking refuses a job while the namespace soaks: the two would move each
// other's generations. One that is to end the soak is let through, and does so
// when it takes the namespace.
func (a *Activities) checkSoaking(ctx context.Context, reg backends.Registry, job Job) error {
	if job.EndSoak || job.DryRun {
		return nil
	}
	s, ok, err := a.soakNow(ctx, reg, job.Namespace)
	if err != nil || !ok || s.State == records.SoakArmed {
		return err
	}
	return soaking(s)
}

func soaking(s records.Soak) error {
	return because(errSoaking, "namespace %q soaks since its switch to %s: generation %s of model %s is kept for a rollback",
		s.Namespace, s.Active.Model, s.Standby.Locator, s.Standby.Model)
}

// makeWay lets a job take the namespace only when no soak has it: it ends the
// soak where the job asks for that, and is NAMESPACE_BUSY until it is over. A soak
// that the job itself has armed is not in its way.
func (a *Activities) makeWay(ctx context.Context, reg backends.Registry, job Job) error {
	if job.ID == SoakID(job.Namespace) {
		return nil
	}
	s, ok, err := a.soakNow(ctx, reg, job.Namespace)
	switch {
	case err != nil || !ok:
		return err
	case s.State == records.SoakArmed && s.Job == job.ID && s.Run == job.Run:
		return nil
	case s.State == records.SoakArmed:
		return because(errNamespaceBusy, "job %s has armed a soak of namespace %q, which is not over yet", s.Job, s.Namespace)
	case !job.EndSoak:
		return soaking(s)
	}
	if err := a.tellSoak(ctx, s.Workflow, "job "+job.ID+" was started with end_soak"); err != nil {
		return err
	}
	return because(errNamespaceBusy, "the soak of namespace %q was asked to end", s.Namespace)
}

// tellSoak asks a soak to end; one that is over is left alone.
func (a *Activities) tellSoak(ctx context.Context, id, reason string) error {
	err := a.Temporal.SignalWorkflow(ctx, id, "", SignalSoakCancel, map[string]string{"reason": reason})
	var gone *serviceerror.NotFound
	if err != nil && !errors.As(err, &gone) {
		return unavailable("signal workflow "+id, err)
	}
	return nil
}

// runs reports whether a workflow is open.
func (a *Activities) runs(ctx context.Context, id string) (bool, error) {
	d, err := a.Temporal.DescribeWorkflowExecution(ctx, id, "")
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone):
		return false, nil
	case err != nil:
		return false, unavailable("describe workflow "+id, err)
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// ClearSoak ends a soak that is in the way of the one which the job is about to
// start: what a former run of the job left, or one that has not noticed yet that
// it is over. It returns when that is closed. Where the route points at the target
// already it is in nobody's way: the job has switched before, as one has that was
// reset, and its soak watches over that.
func (a *Activities) ClearSoak(ctx context.Context, p SoakPlan) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.clearSoak(ctx, p))
}

func (a *Activities) clearSoak(ctx context.Context, p SoakPlan) error {
	id := SoakID(p.Namespace)
	reg, err := a.World.Registry(ctx, p.Namespace)
	if err != nil {
		return err
	}
	if seen, err := lookAtSwitch(ctx, reg, p); err != nil || seen.Switched {
		return err
	}
	for told := false; ; told = true {
		runs, err := a.runs(ctx, id)
		if err != nil || !runs {
			return err
		}
		if !told {
			if err := a.tellSoak(ctx, id, fmt.Sprintf("job %s arms another one", p.ArmedBy)); err != nil {
				return err
			}
		}
		if err := wait(ctx, lookInterval); err != nil {
			return err
		}
	}
}
