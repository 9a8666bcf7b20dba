package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// RecordOutcome keeps a job's final status in the registry, for the time after
// Temporal's retention, and tells the observer. Idempotent, but that the
// observer may be told again when the answer was lost. A job whose request was
// refused has no namespace, and so no registry: only the observer is told.
func (a *Activities) RecordOutcome(ctx context.Context, o Outcome) error {
	return failed(ctx, a.recordOutcome(ctx, o))
}

func (a *Activities) recordOutcome(ctx context.Context, o Outcome) error {
	if !json.Valid(o.Status) {
		return fmt.Errorf("%w: the status of job %s is not JSON", backends.ErrInvalidInput, o.Job.ID)
	}
	if o.Job.Namespace != "" {
		if err := a.keepOutcome(ctx, o); err != nil {
			return err
		}
	}
	if a.Observer != nil {
		a.Observer.JobEnded(o.State)
	}
	return nil
}

func (a *Activities) keepOutcome(ctx context.Context, o Outcome) error {
	reg, err := a.World.Registry(ctx, o.Job.Namespace)
	if err != nil {
		return err
	}
	return records.PutJob(ctx, reg, records.Job{
		ID: o.Job.ID, Run: o.Job.Run, Namespace: o.Job.Namespace,
		State: o.State, EndedAt: time.Now().UTC(), Status: o.Status,
	})
}
