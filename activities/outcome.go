package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// outcomeTimeout bounds the registry's answer, so that there is time left to
// find out what became of a write that was not answered.
const outcomeTimeout = 10 * time.Second

// RecordOutcome keeps a job's final status in the registry, for the time after
// Temporal's retention, and tells the observer. Idempotent: an outcome that is
// kept already was told by an earlier attempt, whose answer was lost, and is not
// told again. A job whose request was refused has no namespace, and so no
// registry: only the observer is told, by each attempt.
func (a *Activities) RecordOutcome(ctx context.Context, o Outcome) error {
	return failed(ctx, a.recordOutcome(ctx, o))
}

func (a *Activities) recordOutcome(ctx context.Context, o Outcome) error {
	if !json.Valid(o.Status) {
		return fmt.Errorf("%w: the status of job %s is not JSON", backends.ErrInvalidInput, o.Job.ID)
	}
	before := false
	if o.Job.Namespace != "" {
		var err error
		if before, err = a.keepOutcome(ctx, o); err != nil {
			return err
		}
	}
	if a.Observer != nil && !before {
		a.Observer.JobEnded(o.State)
	}
	return nil
}

// keepOutcome reports whether the outcome was kept before. A write whose outcome
// is unclear is settled by reading the record: else the next attempt would find
// it there, and nobody would have been told.
func (a *Activities) keepOutcome(ctx context.Context, o Outcome) (before bool, err error) {
	reg, err := a.World.Registry(ctx, o.Job.Namespace)
	if err != nil {
		return false, err
	}
	j := records.Job{
		ID: o.Job.ID, Run: o.Job.Run, Namespace: o.Job.Namespace,
		State: o.State, EndedAt: time.Now().UTC(), Status: o.Status,
	}
	pctx, cancel := context.WithTimeout(ctx, outcomeTimeout)
	defer cancel()
	before, err = records.PutJob(pctx, reg, j)
	if err == nil {
		return before, nil
	}
	if now, gerr := records.GetJob(ctx, reg, j.ID); gerr == nil && now.Same(j) && now.EndedAt.Equal(j.EndedAt) {
		return false, nil
	}
	return false, err
}
