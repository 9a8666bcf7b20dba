package activities

import (
	"context"
	"sync"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
)

// keeping keeps one generation in step. Its times are readings of this process's clock.
type keeping struct {
	*keep
	job   Job
	put   func(*StepResult, *Step)
	blind bool // the source can't or must not tell what changed
	// finished: it has no more to do here; read when all sides have ended.
	finished bool

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
			s.finished = true
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
		if before.Healthy() && !s.once {
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
	if err := s.compareCanaries(ctx, o); err != nil {
		return false, err
	}
	if idle, err := s.idle(ctx, o); err != nil || idle {
		return idle, err
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
	opts.Fence, opts.Current = guarded(s.pulse, o.fence), true
	opts.Report = func(did reconcile.Result) {
		s.mu.Lock()
		s.running = did.Counts
		s.mu.Unlock()
		s.tell()
	}
	return s.sync(ctx, o, pair, opts)
}
