package inventory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// Holder is in the lease while something is dropped.
const Holder = "reembed-gc"

// Hold is how long one drop may take, and dropTimeout how long the store's part
// of it: what is under way when that is over still has some seconds to land.
const (
	Hold        = dropTimeout + 15*time.Second
	dropTimeout = backends.MaxWriteTimeout
)

// Drop drops what a finding names, if nobody owns it still. It takes the
// namespace's lease for it, or returns ErrConflict while somebody else holds it,
// or when what was found has an owner by now, or is gone.
func (p Place) Drop(ctx context.Context, f Finding, l Living) (err error) {
	begun := time.Now() // before the lease is taken: its time runs from then on
	lease, err := records.TakeLease(ctx, p.Registry, p.Namespace, records.Lease{Job: Holder, Run: rand.Text(), Hold: Hold}, l.Over)
	if err != nil {
		return err
	}
	defer func() {
		// Also for who breaks off: else a job would wait until the lease has run out.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, records.HandBackLease(ctx, p.Registry, p.Namespace, lease))
	}()
	ctx, cancel := context.WithDeadline(ctx, begun.Add(dropTimeout))
	defer cancel()
	still, err := p.Findings(ctx, l)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(still, f.Same) {
		return fmt.Errorf("%w: %s %s has an owner by now, or is gone", backends.ErrConflict, f.Kind, f.Name)
	}
	if err := records.CheckLease(ctx, p.Registry, p.Namespace, lease.Epoch); err != nil {
		return err
	}
	// A process that stood still since then must not begin: a job may have the lease.
	if time.Since(begun) > dropTimeout {
		return fmt.Errorf("%w: this process stood still, and nothing was dropped", backends.ErrUnavailable)
	}
	return p.drop(ctx, f)
}

func (p Place) drop(ctx context.Context, f Finding) error {
	switch f.Kind {
	case OfGeneration:
		if err := p.Index.Drop(ctx, f.Name); err != nil {
			return fmt.Errorf("drop generation %s: %w", f.Name, err)
		}
		return nil
	case OfConsumer:
		capture, ok := backends.As[backends.Capture](p.Source)
		if !ok {
			return fmt.Errorf("%w: the source captures no changes", backends.ErrUnsupported)
		}
		if err := capture.Unsubscribe(ctx, f.Name); err != nil {
			return fmt.Errorf("forget the changes kept for %s: %w", f.Name, err)
		}
		return nil
	case OfQuarantine:
		return records.ForgetQuarantine(ctx, p.Registry, p.Namespace, f.Name)
	case OfCanaries:
		return records.DeleteCanaries(ctx, p.Registry, f.Name)
	}
	return fmt.Errorf("%w: a finding of kind %q", backends.ErrInvalidInput, f.Kind)
}
