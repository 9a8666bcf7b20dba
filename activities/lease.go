package activities

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// AcquireLease takes the namespace for the job and returns the epoch. While a
// living job holds it, it fails with NAMESPACE_BUSY and is retried. A namespace that
// soaks is refused with SOAKING, unless the job is to end the soak: then it is
// asked to end, and waited for.
func (a *Activities) AcquireLease(ctx context.Context, job Job) (int64, error) {
	epoch, err := a.acquireLease(ctx, job)
	return epoch, failed(ctx, err)
}

func (a *Activities) acquireLease(ctx context.Context, job Job) (int64, error) {
	if job.ID == "" || job.Run == "" {
		return 0, fmt.Errorf("%w: a lease needs the job's workflow id and first run id", backends.ErrInvalidInput)
	}
	reg, err := a.World.Registry(ctx, job.Namespace)
	if err != nil {
		return 0, err
	}
	if err := a.makeWay(ctx, reg, job); err != nil {
		return 0, err
	}
	l, err := records.TakeLease(ctx, reg, job.Namespace, records.Lease{Job: job.ID, Run: job.Run, Locator: job.Locator}, a.holderEnded)
	if errors.Is(err, backends.ErrConflict) {
		return 0, because(errNamespaceBusy, "%w", err)
	}
	return l.Epoch, err
}

// holderEnded reports whether the chain of runs that took a lease is over:
// closed, forgotten, or replaced by another job of the same id.
func (a *Activities) holderEnded(ctx context.Context, l records.Lease) (bool, error) {
	if l.Hold > 0 {
		return heldOut(ctx, l)
	}
	d, err := a.Temporal.DescribeWorkflowExecution(ctx, l.Job, "")
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone):
		return true, nil
	case err != nil:
		return false, unavailable("describe workflow "+l.Job, err)
	}
	info := d.GetWorkflowExecutionInfo()
	return info.GetFirstRunId() != l.Run || info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// ReleaseLease gives the namespace back; a lease that went to another is left alone.
func (a *Activities) ReleaseLease(ctx context.Context, job Job) error {
	reg, err := a.World.Registry(ctx, job.Namespace)
	if err == nil {
		err = records.GiveBackLease(ctx, reg, job.Namespace, job.Epoch)
	}
	return failed(ctx, err)
}

// leaseLost makes a failed check of the lease the condition that it is.
func leaseLost(err error) error {
	if errors.Is(err, backends.ErrConflict) {
		return because(errLeaseLost, "%w", err)
	}
	return err
}

// unavailable is a failed call of the Temporal server, which is tried again.
func unavailable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", backends.ErrUnavailable, what, err)
}
