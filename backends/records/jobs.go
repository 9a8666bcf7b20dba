package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// PutJob keeps a job's end; that of a former job of the same id is replaced. One
// that is kept already stays as it is, with the time when it was first told:
// before reports that.
func PutJob(ctx context.Context, reg backends.Registry, j Job) (before bool, err error) {
	raw, err := json.Marshal(j)
	if err != nil {
		return false, fmt.Errorf("encode the end of job %s: %w", j.ID, err)
	}
	looks := 0
	err = again(func() error {
		e, err := reg.Get(ctx, kindJob, j.ID)
		if err != nil && !errors.Is(err, backends.ErrNotFound) {
			return err
		}
		looks++
		if err == nil && j.keptAs(e.Value) {
			before = looks == 1 // else it was a former turn of this loop that put it
			return nil
		}
		_, err = reg.Put(ctx, kindJob, j.ID, e.Version, raw)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep the end of job %s: %w", j.ID, err)
	}
	return before, nil
}

// keptAs reports whether a record tells the same end of the same job.
func (j Job) keptAs(raw []byte) bool {
	var o Job
	return json.Unmarshal(raw, &o) == nil && o.Same(j)
}

// Same reports whether two records tell the same end of the same job, whenever
// they were made.
func (j Job) Same(o Job) bool {
	return j.ID == o.ID && j.Run == o.Run && j.Namespace == o.Namespace && j.State == o.State && sameJSON(j.Status, o.Status)
}

// sameJSON compares without the white space, which an encoder takes out.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
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
