package records

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// kindJob has the workflow id as its key.
const kindJob = "job"

// Job is how a job ended, for the time after Temporal has forgotten it.
type Job struct {
	ID        string          `json:"id"`  // workflow id
	Run       string          `json:"run"` // first run id
	Namespace string          `json:"namespace"`
	State     string          `json:"state"`
	EndedAt   time.Time       `json:"ended_at"`
	Status    json.RawMessage `json:"status"` // all that was known of it
}

// PutJob keeps a job's end; that of a former job of the same id is replaced.
func PutJob(ctx context.Context, reg backends.Registry, j Job) error {
	raw, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the end of job %s: %w", j.ID, err)
	}
	if err := overwrite(ctx, reg, kindJob, j.ID, raw); err != nil {
		return fmt.Errorf("keep the end of job %s: %w", j.ID, err)
	}
	return nil
}

// GetJob returns a job's end, or ErrNotFound.
func GetJob(ctx context.Context, reg backends.Registry, id string) (Job, error) {
	e, err := reg.Get(ctx, kindJob, id)
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", id, err)
	}
	var j Job
	if err := json.Unmarshal(e.Value, &j); err != nil {
		return Job{}, fmt.Errorf("job %s, version %d: %w: %w", id, e.Version, backends.ErrDamaged, err)
	}
	return j, nil
}
