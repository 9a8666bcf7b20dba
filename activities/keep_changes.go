package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

// captured is the ability of the source to tell this side what changed; nil
// where it has none, or must not use it.
func (s *keeping) captured(o opened) backends.Capture {
	if s.blind || s.job.Source != "" {
		return nil
	}
	capture, _ := backends.As[backends.Capture](o.source)
	return capture
}

// idle reports whether nothing has changed since the last look, which is noted:
// a soak of a namespace at rest asks one question every few seconds.
func (s *keeping) idle(ctx context.Context, o opened) (bool, error) {
	capture, now := s.captured(o), s.snapshot()
	if capture == nil || now.Full || !now.InStep || !now.Healthy() || s.sweepDue(capture, now) {
		return false, nil
	}
	began := time.Now()
	told, err := capture.Changes(ctx, s.job.Locator, "", 1)
	switch {
	case errors.Is(err, backends.ErrChangesLost):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read changes: %w", err)
	case len(told.Items) > 0 || !told.Done:
		return false, nil
	}
	s.inStepSince(began)
	return true, nil
}

// sweepDue reports whether records of deleted items are to be looked for: where
// the source does not tell of deletions only a sweep finds them.
func (s *keeping) sweepDue(capture backends.Capture, now Step) bool {
	return !capture.CaptureTraits().Deletes && (s.once || now.NextPass == 0)
}

// changes brings the generation up to date with what the source says has changed.
func (s *keeping) changes(ctx context.Context, o opened, capture backends.Capture, pair reconcile.Pair, opts reconcile.Options) (complete bool, err error) {
	sweeps := s.sweepDue(capture, s.snapshot())
	began := time.Now()
	did, err := reconcile.Changed(ctx, pair, capture, s.job.Locator, "", opts)
	s.did(did.Counts, "")
	switch {
	case errors.Is(err, backends.ErrChangesLost):
		return s.anew(ctx, o, capture, pair, opts)
	case err != nil || !did.Done:
		return false, err
	case !sweeps:
		s.inStepSince(began)
		return true, nil
	}
	s.begin(SyncBackward, began)
	return s.pass(ctx, o, pair, opts)
}

// anew subscribes again, since changes were lost, and then looks at everything.
func (s *keeping) anew(ctx context.Context, o opened, capture backends.Capture, pair reconcile.Pair, opts reconcile.Options) (complete bool, err error) {
	err = capture.Subscribe(ctx, s.job.Locator)
	switch {
	case errors.Is(err, backends.ErrUnsupported) || errors.Is(err, backends.ErrUnauthorized):
		s.blind = true // full passes find what changed
	case err != nil:
		return false, fmt.Errorf("subscribe to changes for %s: %w", s.job.Locator, err)
	}
	s.begin(tasksOf(s.job)[0], time.Now())
	return s.pass(ctx, o, pair, opts)
}

// pending is how many changes the consumer has not taken; -1 where that is not known.
func (s *keeping) pending(ctx context.Context, capture backends.Capture) (int64, error) {
	all, err := capture.Consumers(ctx)
	if err != nil {
		return -1, fmt.Errorf("list consumers of changes: %w", err)
	}
	for _, c := range all {
		if c.Name == s.job.Locator {
			return c.Pending, nil
		}
	}
	return -1, nil
}
