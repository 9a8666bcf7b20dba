package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

// keepFor is how long one activity keeps the generations in step: how old, at
// most, what the status query says of them is. A day of it is some 600 events.
const keepFor = 15 * time.Minute

// await waits for the switch, armed.
func (s *soak) await(ctx workflow.Context) error {
	switched, err := s.switched(ctx)
	switch {
	case s.stopped != "":
		return s.ended(ctx, s.stopped)
	case temporal.IsCanceledError(err): // to look again
		return nil
	case err != nil:
		return s.trouble(ctx, err)
	case !switched:
		s.Status.Reason = "the job ended without a switch"
		return s.to(ctx, SoakDisarmed)
	}
	now := workflow.Now(ctx)
	until := now.Add(s.plan.Window)
	s.Status.Since, s.Status.Until = &now, &until
	s.troubles, s.Status.LastError = 0, ""
	s.Status.Reason = "waits until the job gives the namespace back"
	return s.to(ctx, SoakSoaking)
}

// switched waits until the route points at the target, or the job is over
// without that.
func (s *soak) switched(ctx workflow.Context) (bool, error) {
	var seen activities.SwitchSeen
	actx := long(ctx, s.plan.Active, TaskQueue, "wait for the switch")
	if err := workflow.ExecuteActivity(actx, work.AwaitSwitch, plain(s.plan)).Get(ctx, &seen); err != nil {
		return false, err
	}
	if !seen.Switched {
		return false, nil
	}
	s.Status.Route, s.RouteVersion = seen.Route, seen.Route.Version
	s.Status.Active.Generation = seen.Route.Generation
	return true, nil
}

// take takes the namespace once the job has given it back, and writes down that
// it soaks.
func (s *soak) take(ctx workflow.Context) error {
	lctx := short(ctx, s.plan.Active, "lease of "+s.plan.Namespace)
	var epoch int64
	if err := workflow.ExecuteActivity(lctx, work.AcquireLease, s.plan.Active).Get(ctx, &epoch); err != nil {
		return err
	}
	s.Epoch, s.plan.Active.Epoch, s.plan.Standby.Epoch = epoch, epoch, epoch
	s.Takes++
	begin := activities.SoakBegin{Plan: plain(s.plan), Route: *s.Status.Route, Since: *s.Status.Since, Until: *s.Status.Until}
	bctx := short(ctx, s.plan.Active, "write the soak down")
	err := workflow.ExecuteActivity(bctx, work.BeginSoak, begin).Get(ctx, nil)
	if err != nil { // whoever keeps on without it would leave a record that says armed
		s.Epoch = 0
	}
	return err
}

// keep keeps both generations in step for a while, or turns to what was asked.
func (s *soak) keep(ctx workflow.Context) error {
	left := s.Status.Until.Sub(workflow.Now(ctx))
	switch {
	case s.stopped != "":
		if s.ask != nil && s.ask.update != UpdateEnd {
			s.answer(fail(activities.CodeNotNow, "the soak was ended before the %s: %s", s.ask.update, s.stopped))
		}
		return s.ended(ctx, s.stopped)
	case left <= 0 && s.ask == nil:
		return s.ended(ctx, "the window is over")
	case s.Epoch == 0 && (s.ask == nil || s.ask.update != UpdateEnd):
		return s.retake(ctx)
	case s.ask != nil:
		return s.begin(ctx)
	}
	err := s.inStep(ctx, activities.StepRequest{
		Active:  &activities.Side{Job: s.plan.Active, Step: s.Active},
		Standby: &activities.Side{Job: s.plan.Standby, Step: s.Standby},
		For:     min(keepFor, left),
	})
	switch {
	case err == nil || s.stopped != "" || s.ask != nil:
		return nil
	case codeOf(err) == activities.CodeLeaseLost:
		s.Epoch = 0
		return nil
	}
	return s.trouble(ctx, err)
}

// inStep runs the keepers, and learns how far they came, however they ended.
func (s *soak) inStep(ctx workflow.Context, r activities.StepRequest) error {
	actx := long(ctx, s.plan.Active, TaskQueue, "keep in step")
	var res activities.StepResult
	err := workflow.ExecuteActivity(actx, work.KeepInStep, r).Get(ctx, &res)
	now := workflow.Now(ctx)
	switch {
	case err != nil && !told(err, &res):
		// Nobody says whether an attempt that was given up on still writes.
		s.LateUntil = later(s.LateUntil, now, backends.MaxWriteTimeout)
		return err
	case err == nil:
		s.troubles, s.Status.LastError = 0, ""
	}
	s.LateUntil = later(s.LateUntil, now, res.Late)
	if res.Active != nil {
		s.Active = *res.Active
	}
	if res.Standby != nil {
		s.Standby = *res.Standby
	}
	s.Status.Learn(res, now)
	s.details(ctx)
	return err
}

// Learn takes over what the keepers said at a time: in their result, or in the
// heartbeat of one that is at work.
func (s *SoakStatus) Learn(res StepResult, at time.Time) {
	if res.Active != nil {
		s.Active.learn(at, *res.Active)
	}
	if res.Standby != nil {
		s.Standby.learn(at, *res.Standby)
	}
	s.Rollback = s.rollback()
}

// learn takes over what a keeper says.
func (p *SoakSide) learn(now time.Time, k activities.Step) {
	if k.InStep {
		at := now.Add(-k.Behind)
		p.SyncedAt = &at
	}
	p.Syncing, p.Warning, p.Pending = k.Full, k.Warning, k.Pending
	p.ErrorCode, p.LastError = k.Code, k.Error
	switch {
	case k.Healthy():
		p.FailingSince = nil
	case p.FailingSince == nil:
		p.FailingSince = &now
	}
	p.Totals.Quarantined = 0 // each pass meets the same items again
	p.Totals.Add(k.Counts)
}

// retake takes the namespace: first when the job gives it back, and again when
// its lease was lost; unless somebody moved the route meanwhile, which ends the soak.
func (s *soak) retake(ctx workflow.Context) error {
	var err error
	if s.Takes > 0 {
		route := s.Status.Route
		var switched bool
		switched, err = s.switched(ctx)
		if err == nil && (!switched || s.Status.Route.Version != route.Version) {
			s.answer(fail(activities.CodeRouteChanged, "somebody else moved the route"))
			return s.ended(ctx, "somebody else moved the route")
		}
	}
	if err == nil {
		err = s.take(ctx)
	}
	switch {
	case err == nil:
		s.Status.Reason, s.troubles, s.Status.LastError = "", 0, ""
		s.details(ctx)
		return nil
	case temporal.IsCanceledError(err): // told something, which the next step looks at
		return nil
	}
	return s.trouble(ctx, err)
}

func (s *soak) ended(ctx workflow.Context, reason string) error {
	s.Status.Reason = reason
	return s.to(ctx, SoakEnded)
}
