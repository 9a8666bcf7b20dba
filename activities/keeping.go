package activities

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// keeping keeps one generation in step. Its times are readings of this process's clock.
type keeping struct {
	*keep
	job Job
	put func(*StepResult, *Step)

	mu        sync.Mutex
	step      Step
	running   Counts // of the run under way
	passBegun time.Time
	inStep    time.Time
	nextPass  time.Time
	retry     time.Time
	canaries  time.Time
}

func newKeeping(k *keep, job Job, s Step, put func(*StepResult, *Step)) *keeping {
	now := k.begun
	return &keeping{
		keep: k, job: job, put: put, step: s,
		passBegun: now.Add(-s.PassAge), inStep: now.Add(-s.Behind),
		nextPass: now.Add(s.NextPass), retry: now.Add(s.RetryIn), canaries: now.Add(s.NextCanary),
	}
}

// snapshot is the step as of now.
func (s *keeping) snapshot() Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, out := time.Now(), s.step
	out.Counts.Add(s.running)
	out.PassAge, out.Behind = 0, 0
	if out.Full {
		out.PassAge = now.Sub(s.passBegun)
	}
	if out.InStep {
		out.Behind = now.Sub(s.inStep)
	}
	out.NextPass, out.RetryIn = max(0, s.nextPass.Sub(now)), max(0, s.retry.Sub(now))
	out.NextCanary = max(0, s.canaries.Sub(now))
	return out
}

// change sets fields of the step.
func (s *keeping) change(f func(*Step)) {
	s.mu.Lock()
	f(&s.step)
	s.mu.Unlock()
}

// live takes one turn after the other until the activity hands back.
func (s *keeping) live(ctx context.Context) {
	for !s.over() && ctx.Err() == nil {
		pause := keepPause
		if due := time.Until(s.retry); !s.once && !s.healthy() && due > 0 {
			pause = due
		} else if s.turned(ctx) {
			return
		}
		s.tell()
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.ending:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (s *keeping) healthy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step.Healthy()
}

// turned takes a turn and reports whether the side has no more to do here.
func (s *keeping) turned(ctx context.Context) bool {
	before := s.snapshot()
	complete, err := s.turn(ctx)
	switch {
	case ctx.Err() != nil:
		return true
	case isFatal(err):
		s.fail(err)
		return true
	case err != nil:
		s.ill(ctx, err)
		if before.Healthy() {
			s.handBack()
		}
		return s.once
	}
	s.change(func(p *Step) { p.Code, p.Error, p.Tries, p.Pending = "", "", 0, 0 })
	after := s.snapshot()
	if !before.Healthy() || before.InStep != after.InStep || before.Warning != after.Warning {
		if !s.once {
			s.handBack()
		}
	}
	return s.once && complete
}

// turn brings the generation in step. complete reports that all that had changed
// when it began is there.
func (s *keeping) turn(ctx context.Context) (complete bool, err error) {
	o, err := s.a.open(ctx, s.job)
	if err != nil {
		return false, err
	}
	if err := o.fence(ctx); err != nil {
		return false, err
	}
	pair, err := o.pairOf(ctx)
	if err != nil {
		return false, err
	}
	opts, err := s.a.syncOptions(ctx, o)
	if err != nil {
		return false, err
	}
	opts.Budget, opts.MemoryBytes, opts.Stop = 0, max(16<<20, opts.MemoryBytes/4), s.ending
	opts.Fence = guarded(s.pulse, o.fence)
	opts.Report = func(did reconcile.Result) {
		s.mu.Lock()
		s.running = did.Counts
		s.mu.Unlock()
		s.tell()
	}
	if err := s.compareCanaries(ctx, o); err != nil {
		return false, err
	}
	return s.sync(ctx, o, pair, opts)
}

// sync makes a full pass where one is due.
func (s *keeping) sync(ctx context.Context, o opened, pair reconcile.Pair, opts reconcile.Options) (bool, error) {
	if now := s.snapshot(); !now.Full {
		if !s.once && now.NextPass > 0 {
			return false, nil
		}
		s.begin()
	}
	return s.pass(ctx, o, pair, opts)
}

// begin begins a pass over everything.
func (s *keeping) begin() {
	s.mu.Lock()
	s.step.Full, s.step.Task, s.step.Cursor = true, tasksOf(s.job)[0], ""
	s.passBegun = time.Now()
	s.mu.Unlock()
}

// tasksOf are the tasks of a full pass. The collections of a self-contained
// namespace are merged, each side's keeper its own way.
func tasksOf(job Job) []Task {
	if job.Source != "" {
		return []Task{Merge}
	}
	return []Task{SyncForward, SyncBackward}
}

// pass goes on with the full pass, both ways; complete once it is through.
func (s *keeping) pass(ctx context.Context, o opened, pair reconcile.Pair, opts reconcile.Options) (bool, error) {
	if s.snapshot().Task == "" {
		s.begin()
	}
	for {
		now := s.snapshot()
		did, err := sweep(ctx, o, pair, SegmentRequest{Job: s.job, Task: now.Task}, now.Cursor, opts)
		s.did(did)
		switch {
		case err != nil:
			return false, err
		case !did.Done:
			return false, nil
		case now.Task != SyncForward:
			s.through()
			return true, nil
		}
		s.change(func(p *Step) { p.Task, p.Cursor = SyncBackward, "" })
	}
}

// did counts what a sweep did, and keeps where it is.
func (s *keeping) did(r reconcile.Result) {
	s.mu.Lock()
	s.running = Counts{}
	s.step.Counts.Add(r.Counts)
	s.step.Cursor = r.Cursor
	s.mu.Unlock()
	if s.a.Observer != nil && r.Counts != (Counts{}) {
		s.a.Observer.Synced(r.Counts)
	}
}

// through ends a full pass: what had changed when it began is there.
func (s *keeping) through() {
	s.mu.Lock()
	defer s.mu.Unlock()
	took := time.Since(s.passBegun)
	s.step.Full, s.step.Task, s.step.Cursor, s.step.Took = false, "", "", took
	s.step.InStep, s.inStep = true, s.passBegun
	s.nextPass = time.Now().Add(min(max(passShare*took, passPause), passPauseMax))
}

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
	var wrong int64
	for _, look := range []func(context.Context, verify.Pair, backends.Range, backends.Cursor, verify.Options) (verify.Result, error){
		verify.Forward, verify.Backward,
	} {
		found, err := look(ctx, pair, backends.Range{}, "", verify.Options{Known: q.known, Stop: s.ending})
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
// changes. One that answers otherwise is a warning.
func (s *keeping) compareCanaries(ctx context.Context, o opened) error {
	now := s.snapshot()
	if now.NextCanary > 0 && now.Healthy() {
		return nil
	}
	err := checkCanaries(ctx, o.registry, o.embedder)
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
