package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// reverse makes sure of the former generation, with the care of a switch. What
// stands against the rollback refuses it, and the soak goes on.
func (s *soak) reverse(ctx workflow.Context) error {
	err := s.ready(ctx)
	switch {
	case s.stopped != "":
		s.answer(fail(activities.CodeNotNow, "the soak was ended before the rollback: %s", s.stopped))
		return s.ended(ctx, s.stopped)
	case err != nil:
		return s.lost(ctx, err)
	}
	s.Status.Reason = ""
	return s.to(ctx, SoakSwitching)
}

// lost goes back to soaking over an error. A lost lease is taken again there, and
// the soak ends there where the route is another's.
func (s *soak) lost(ctx workflow.Context, err error) error {
	if code := codeOf(err); code == activities.CodeLeaseLost || code == activities.CodeRouteChanged {
		s.Epoch = 0
	}
	return s.refused(ctx, err)
}

// ready brings the former generation in step, makes it durable, and has it verified.
func (s *soak) ready(ctx workflow.Context) error {
	want := s.ask.rollback
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if !s.Standby.Healthy() && !want.Stale {
		return fail(activities.CodeRollbackStale, "the former generation %s can't be brought in step: it lacks %s; %s: %s",
			s.plan.Standby.Locator, items(s.Standby.Pending), s.Standby.Code, s.Standby.Error)
	}
	s.Status.Reason = "finishes the index of the former generation"
	s.details(ctx)
	ictx := long(ctx, s.plan.Standby, SyncTaskQueue, "index "+s.plan.Standby.Locator)
	if err := workflow.ExecuteActivity(ictx, work.FinishIndex, s.plan.Standby).Get(ctx, nil); err != nil {
		return err
	}
	if want.Stale && !s.Standby.Healthy() {
		return nil // it is known to be wrong, and by how much
	}
	if err := s.verified(ctx); err != nil {
		return err
	}
	job := s.plan.Standby
	job.RouteVersion, job.Waive = s.RouteVersion, want.Waive
	cctx := limited(long(ctx, job, TaskQueue, "conditions of the rollback"), askAttempts)
	return workflow.ExecuteActivity(cctx, work.CheckSwitch, job).Get(ctx, nil)
}

// catchUp brings the former generation in step, as far as that goes. Before the
// switch back its model is asked whether it answers: where nothing has changed no
// sync asks it, and the verification would wait for a model that is gone.
func (s *soak) catchUp(ctx workflow.Context) error {
	s.Status.Reason = "brings the former generation in step"
	s.details(ctx)
	standby := s.Standby
	if s.Machine.Phase == SoakReversing {
		standby.NextCanary = 0
	}
	r := activities.StepRequest{
		Standby: &activities.Side{Job: s.plan.Standby, Step: standby}, Once: true,
	}
	if s.plan.Active.Merging { // what is written into one collection is merged both ways
		r.Active = &activities.Side{Job: s.plan.Active, Step: s.Active}
	}
	return s.inStep(ctx, r)
}

// verified looks at all of the former generation, behind the last write of every
// attempt that was given up on. A finding counts when it is there in two looks,
// with a sync between.
func (s *soak) verified(ctx workflow.Context) error {
	look := &run{impatient: true, Carried: Carried{
		Version: carriedVersion, Machine: Machine{State: Running, Phase: Verifying}, Job: s.plan.Standby,
		LateUntil: s.LateUntil, Status: Status{Progress: Progress{Pass: s.Passes, PhaseSince: workflow.Now(ctx)}},
	}}
	var before Verification
	for round := 1; ; round++ {
		s.Status.Reason = "waits until no write of a lost worker can land any more"
		s.details(ctx)
		look.LateUntil = s.LateUntil
		if err := look.awaitLateWrites(ctx); err != nil {
			return err
		}
		s.Status.Reason = "verifies the former generation"
		s.details(ctx)
		report, err := look.verification(ctx)
		s.Passes = look.Status.Progress.Pass
		if err != nil {
			return err
		}
		s.Status.Verification = &report
		moved := round > 1 && onlyMoved(report)
		switch {
		case report.Wrong() == 0: // how good its model is was no question when it was active
			if err := s.moving(ctx, report); err != nil || s.LateUntil.Equal(look.LateUntil) {
				return err
			}
			before = report
			continue // what a worker that was lost since may write, is looked at, too
		case round > 1 && persists(before, report):
			return fail(activities.CodeVerification, "found twice in the former generation, with a sync between: %s", report.Summary())
		case round >= maxRounds && !moved:
			return fail(activities.CodeVerification, "%d verifications of the former generation, and each found something: %s", round, report.Summary())
		}
		before = report
		s.lookAtAll()
		if err := s.catchUpAgain(ctx); err != nil || moved && s.LateUntil.Equal(look.LateUntil) {
			return err
		}
	}
}

// lookAtAll has the next sync of the former generation look at everything: what
// the source tells as changed explains no finding.
func (s *soak) lookAtAll() {
	if !s.plan.Standby.Merging { // a merge always does
		s.Standby.Full, s.Standby.Task, s.Standby.Cursor, s.Standby.PassAge = true, activities.SyncForward, "", 0
	}
}

// changeMoving marks soaks that sync what an application changed during the
// verification before they switch back, and not behind it alone.
const changeMoving = "rollback-syncs-moving"

// moving brings in step what the source told as changed while it was verified.
func (s *soak) moving(ctx workflow.Context, v Verification) error {
	if v.Moving == 0 || workflow.GetVersion(ctx, changeMoving, workflow.DefaultVersion, 1) != 1 {
		return nil
	}
	return s.catchUpAgain(ctx)
}

// catchUpAgain is catchUp behind a verification: what is known to be in the way
// of a sync by now refuses the rollback.
func (s *soak) catchUpAgain(ctx workflow.Context) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if !s.Standby.Healthy() {
		return fail(activities.CodeRollbackStale, "the former generation %s can't be brought in step any more: %s: %s",
			s.plan.Standby.Locator, s.Standby.Code, s.Standby.Error)
	}
	return nil
}

// switchBack points the route at the former generation. Its outcome has to be
// known, so it is asked for until it is; nothing interrupts it.
func (s *soak) switchBack(ctx workflow.Context) error {
	job := s.plan.Standby
	job.RouteVersion = s.RouteVersion
	var done activities.Switched
	sctx := short(ctx, job, "switch back to "+job.Locator)
	err := workflow.ExecuteActivity(sctx, work.Switch, job).Get(ctx, &done)
	if err != nil && !s.moved(ctx, &done) {
		return s.lost(ctx, err)
	}
	s.Status.Route = &done.Route
	if job.Publish || job.PostHook { // they may take their time, and nobody else keeps it in step
		if err := s.catchUp(ctx); err != nil { // it is done once more behind them
			workflow.GetLogger(ctx).Error("sync behind the rollback", "error", err)
		}
	}
	told := &run{Carried: Carried{Job: job}}
	told.announce(ctx, done)
	s.Status.Warnings = append(s.Status.Warnings, told.Status.Warnings...)
	if err := s.lastSync(ctx); err != nil {
		s.Status.LastError = "the last sync behind the rollback: " + messageOf(err)
	}
	s.Status.Reason = "rolled back: generation " + s.plan.Active.Locator + " was kept"
	return s.to(ctx, SoakReversed)
}

// moved reads the route when the switch back ended with an error: an attempt
// before the one that failed may have moved it, and its answer was lost.
func (s *soak) moved(ctx workflow.Context, done *activities.Switched) bool {
	back := plain(s.plan)
	back.Active = back.Standby
	var seen activities.SwitchSeen
	lctx := short(ctx, s.plan.Standby, "has the route moved?")
	if err := workflow.ExecuteActivity(lctx, work.LookAtSwitch, back).Get(ctx, &seen); err != nil {
		workflow.GetLogger(ctx).Error("look at the route", "error", err)
		return false
	}
	if seen.Switched {
		*done = activities.Switched{Route: *seen.Route, Former: s.Status.Route}
	}
	return seen.Switched
}

// rollbackGrace is how long writers of a self-contained namespace may take to
// learn of a rollback: a few times as long as readers of the route keep an answer.
// lateTries is how often the last sync is tried while it fails.
const (
	rollbackGrace = 15 * time.Second
	lateTries     = 6
)

// lastSync brings over what was written while the route moved, and into the
// collection that the rollback left, by who had not learned of it yet. There is no
// soak behind a rollback, so what does not answer is asked again; but for one that
// was known not to.
func (s *soak) lastSync(ctx workflow.Context) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	merging := s.plan.Active.Merging
	pause, why := soakPause, "tries the last sync behind the rollback again"
	if merging {
		pause, why = rollbackGrace, "waits for writers that have not learned of the rollback yet"
	}
	again := merging || !s.Standby.Healthy() && !s.ask.rollback.Stale
	for try := 1; again; try, pause = try+1, soakPause {
		s.Status.Reason = why
		s.details(ctx)
		timer := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "last sync"})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
		err := s.catchUp(ctx)
		if err != nil && try == lateTries {
			return err
		}
		again = (err != nil || !s.Standby.Healthy()) && try < lateTries
	}
	if !s.Standby.Healthy() {
		return fail(s.Standby.Code, "%s", s.Standby.Error)
	}
	return nil
}
