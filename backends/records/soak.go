package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

const kindSoak = "soak" // key: the namespace

// SoakState is where a soak is, as the registry tells it.
type SoakState string

// The states. A soak that is over has no record.
const (
	SoakArmed   SoakState = "armed"   // the job has not switched yet, as far as the soak knows
	SoakSoaking SoakState = "soaking" // both generations are kept in step
)

// Soak is the time after a switch in which the former generation is kept in
// step: who watches over it, and which two generations it is about.
type Soak struct {
	Namespace string    `json:"namespace"`
	Workflow  string    `json:"workflow"` // id of the soak's workflow
	Job       string    `json:"job"`      // workflow id of the job that armed it
	Run       string    `json:"run"`      // first run id of that job
	Active    Place     `json:"active"`   // what the job switched to, or is about to
	Standby   Place     `json:"standby"`  // the former one
	State     SoakState `json:"state"`
	Since     time.Time `json:"since,omitzero"` // of the soaking
	Until     time.Time `json:"until,omitzero"` // end of the window
}

// Place is a generation with the model that its queries are embedded with.
type Place struct {
	Generation  int64  `json:"generation,omitempty"` // of the route that points or pointed at it; 0: not known yet
	Locator     string `json:"locator"`
	Model       string `json:"model"`
	Fingerprint string `json:"fingerprint"`
}

// GetSoak returns the namespace's soak, or ErrNotFound where there is none.
func GetSoak(ctx context.Context, reg backends.Registry, namespace string) (Soak, error) {
	s, _, err := getSoak(ctx, reg, namespace)
	return s, err
}

func getSoak(ctx context.Context, reg backends.Registry, namespace string) (Soak, int64, error) {
	e, err := reg.Get(ctx, kindSoak, namespace)
	if err != nil {
		return Soak{}, 0, fmt.Errorf("soak of namespace %q: %w", namespace, err)
	}
	var s Soak
	if err := json.Unmarshal(e.Value, &s); err != nil {
		return Soak{}, 0, fmt.Errorf("soak of namespace %q: %w: %w", namespace, backends.ErrDamaged, err)
	}
	return s, e.Version, nil
}

// PutSoak writes a soak down. One that is there and was armed by another job is
// replaced: whoever calls this holds the namespace's lease.
func PutSoak(ctx context.Context, reg backends.Registry, s Soak) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode soak: %w", err)
	}
	if err := overwrite(ctx, reg, kindSoak, s.Namespace, raw); err != nil {
		return fmt.Errorf("keep soak of namespace %q: %w", s.Namespace, err)
	}
	return nil
}

// DeleteSoak forgets the soak that a job armed, for its first run; one that
// another job armed meanwhile stays, and none is no error.
func DeleteSoak(ctx context.Context, reg backends.Registry, namespace, job, run string) error {
	err := again(func() error {
		s, version, err := getSoak(ctx, reg, namespace)
		switch {
		case errors.Is(err, backends.ErrNotFound):
			return nil
		case err != nil:
			return err
		case s.Job != job || s.Run != run:
			return nil
		}
		err = reg.Delete(ctx, kindSoak, namespace, version)
		if errors.Is(err, backends.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forget soak of namespace %q: %w", namespace, err)
	}
	return nil
}
