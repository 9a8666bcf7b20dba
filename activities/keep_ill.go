package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// ill notes that the side can't be kept in step, and counts what it lacks.
func (s *keeping) ill(ctx context.Context, err error) {
	row := rowOf(err)
	pending, cerr := s.lacks(ctx)
	if cerr != nil {
		pending = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step.Code, s.step.Error, s.step.Pending = row.Code, bounded(err.Error()), pending
	s.step.Tries++
	wait := keepRetryMax
	if s.step.Tries < 8 {
		wait = min(keepRetryMax, keepRetry<<(s.step.Tries-1))
	}
	s.retry = time.Now().Add(max(wait, backends.RetryAfter(err)))
}

// lacks is how many items the generation does not have as they are now.
func (s *keeping) lacks(ctx context.Context) (int64, error) {
	o, err := s.a.open(ctx, s.job)
	if err != nil {
		return 0, err
	}
	if capture := s.captured(o); capture != nil && s.snapshot().InStep {
		if n, err := s.pending(ctx, capture); err != nil || n >= 0 {
			return n, err
		}
	}
	return s.count(ctx, o)
}

// count reads everything, and writes nothing.
func (s *keeping) count(ctx context.Context, o opened) (int64, error) {
	pair, err := o.verifyPair(ctx)
	if err != nil {
		return 0, err
	}
	q, err := loadQuarantine(ctx, o)
	if err != nil {
		return 0, err
	}
	opts := verify.Options{Known: q.known, Stop: s.ending}
	if s.job.Merging {
		if opts.Counts, err = excusing(ctx, o, pair.Target, q.known); err != nil {
			return 0, err
		}
	}
	var wrong int64
	for _, look := range []func(context.Context, verify.Pair, backends.Range, backends.Cursor, verify.Options) (verify.Result, error){
		verify.Forward, verify.Backward,
	} {
		found, err := look(ctx, pair, backends.Range{}, "", opts)
		if err != nil {
			return 0, fmt.Errorf("count what changed: %w", err)
		}
		if !found.Done {
			return 0, errors.New("interrupted")
		}
		wrong += found.Report.Wrong()
	}
	return wrong, nil
}

// compareCanaries asks the model for its canaries when that is due, and while the
// side is ill: that a model does not answer any more is known before something
// changes. One that answers otherwise is a warning. A model that no job made a
// generation of has none, and gets them now.
func (s *keeping) compareCanaries(ctx context.Context, o opened) error {
	now := s.snapshot()
	if now.NextCanary > 0 && now.Healthy() {
		return nil
	}
	err := keepCanaries(ctx, o.registry, o.embedder)
	warning := ""
	switch {
	case errors.Is(err, errCanariesChanged):
		warning = bounded(err.Error())
	case err != nil:
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step.Warning = warning
	s.canaries = time.Now().Add(canariesEvery)
	return nil
}
