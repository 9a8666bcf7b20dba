package activities

import (
	"context"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

// sync goes by what changed, where the source tells that, once everything was
// looked at; else it makes a full pass where one is due.
func (s *keeping) sync(ctx context.Context, o opened, pair reconcile.Pair, opts reconcile.Options) (bool, error) {
	now := s.snapshot()
	if capture := s.captured(o); capture != nil && now.InStep && !now.Full {
		return s.changes(ctx, o, capture, pair, opts)
	}
	switch {
	case now.Full && now.Task != "":
	case now.InStep && !s.once && now.NextPass > 0:
		return false, nil
	default:
		s.begin(tasksOf(s.job)[0], time.Now())
	}
	return s.pass(ctx, o, pair, opts)
}

// begin begins a pass over everything, with a task; since is when what it will
// have seen had changed at the latest.
func (s *keeping) begin(task Task, since time.Time) {
	s.mu.Lock()
	s.step.Full, s.step.Task, s.step.Cursor = true, task, ""
	s.passBegun = since
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
	for {
		now := s.snapshot()
		did, err := sweep(ctx, o, pair, SegmentRequest{Job: s.job, Task: now.Task}, now.Cursor, opts)
		s.did(did.Counts, did.Cursor)
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
func (s *keeping) did(c Counts, at backends.Cursor) {
	s.mu.Lock()
	s.running = Counts{}
	s.step.Counts.Add(c)
	s.step.Cursor = at
	s.mu.Unlock()
	if s.a.Observer != nil && c != (Counts{}) {
		s.a.Observer.Synced(c)
	}
}

// inStepSince notes that all that had changed by then is there.
func (s *keeping) inStepSince(t time.Time) {
	s.mu.Lock()
	s.step.InStep, s.inStep = true, t
	s.mu.Unlock()
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
