package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

const kindLease = "lease" // key: the namespace

// Lease says which job may change a namespace's generations and route.
type Lease struct {
	Job string `json:"job"` // workflow id
	Run string `json:"run"` // first run id
	// Locator of the generation that the holder makes; empty where it makes none.
	Locator string `json:"locator,omitempty"`
	// Hold, of a holder that is no job, is the longest that it may take, from
	// taking the lease on: nobody can be asked whether it lives.
	Hold time.Duration `json:"hold,omitempty"`
	// Seized: from a job that ended without giving it back. What that one had begun
	// to write may still land.
	Seized bool `json:"seized,omitempty"`
	// Epoch grows with each change of hands: the version of the record.
	Epoch int64 `json:"-"`
}

// GetLease returns the namespace's lease, or ErrNotFound when nobody holds it.
func GetLease(ctx context.Context, reg backends.Registry, namespace string) (Lease, error) {
	e, err := reg.Get(ctx, kindLease, namespace)
	if err != nil {
		return Lease{}, fmt.Errorf("lease of namespace %q: %w", namespace, err)
	}
	var l Lease
	if err := json.Unmarshal(e.Value, &l); err != nil {
		return Lease{}, fmt.Errorf("lease of namespace %q: %w: %w", namespace, backends.ErrDamaged, err)
	}
	l.Epoch = e.Version
	return l, nil
}

// TakeLease gives the lease to the job under a new epoch, if it is free, the
// job's own, or if ended says that its holder is over. Else ErrConflict, which
// names the holder. Whoever worked under the former epoch is fenced from now on.
func TakeLease(ctx context.Context, reg backends.Registry, namespace string, want Lease,
	ended func(context.Context, Lease) (bool, error),
) (Lease, error) {
	now, err := GetLease(ctx, reg, namespace)
	switch {
	case errors.Is(err, backends.ErrNotFound):
		now = Lease{}
	case err != nil:
		return Lease{}, err
	case now.Job != want.Job || now.Run != want.Run:
		over, err := ended(ctx, now)
		if err != nil {
			return Lease{}, fmt.Errorf("look at the lease's holder %s: %w", now.Job, err)
		}
		if !over {
			return Lease{}, fmt.Errorf("%w: namespace %q is held by job %s", backends.ErrConflict, namespace, now.Job)
		}
	}
	want.Seized = now.Seized || now.Job != "" && (now.Job != want.Job || now.Run != want.Run)
	raw, err := json.Marshal(want)
	if err != nil {
		return Lease{}, fmt.Errorf("encode lease: %w", err)
	}
	want.Epoch, err = reg.Put(ctx, kindLease, namespace, now.Epoch, raw)
	if err != nil {
		return Lease{}, fmt.Errorf("take the lease of namespace %q: %w", namespace, err)
	}
	return want, nil
}

// CheckLease returns ErrConflict unless the lease has still the epoch.
func CheckLease(ctx context.Context, reg backends.Registry, namespace string, epoch int64) error {
	now, err := GetLease(ctx, reg, namespace)
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return fmt.Errorf("%w: the lease of namespace %q was given back", backends.ErrConflict, namespace)
	case err != nil:
		return err
	case now.Epoch != epoch:
		return fmt.Errorf("%w: the lease of namespace %q went to job %s", backends.ErrConflict, namespace, now.Job)
	}
	return nil
}

// GiveBackLease frees the namespace if the lease has still the epoch; a lease
// that is gone or another's is left alone.
func GiveBackLease(ctx context.Context, reg backends.Registry, namespace string, epoch int64) error {
	err := reg.Delete(ctx, kindLease, namespace, epoch)
	if errors.Is(err, backends.ErrConflict) || errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("give back the lease of namespace %q: %w", namespace, err)
	}
	return nil
}

// HandBackLease frees the namespace for who made nothing under the lease. Where
// it was seized, the next holder is told so as if it had seized it itself; a
// lease that is another's by now is left alone.
func HandBackLease(ctx context.Context, reg backends.Registry, namespace string, l Lease) error {
	if !l.Seized {
		return GiveBackLease(ctx, reg, namespace, l.Epoch)
	}
	raw, err := json.Marshal(Lease{Job: l.Job, Run: l.Run, Seized: true})
	if err != nil {
		return fmt.Errorf("encode lease: %w", err)
	}
	_, err = reg.Put(ctx, kindLease, namespace, l.Epoch, raw)
	if err != nil && !errors.Is(err, backends.ErrConflict) {
		return fmt.Errorf("hand back the lease of namespace %q: %w", namespace, err)
	}
	return nil
}
