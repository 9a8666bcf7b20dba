package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

const (
	// soakDaily bounds the age of one run of a soak, so that a new build is met daily.
	soakDaily = 24 * time.Hour
	// soakPause and soakPauseMax are waited after an activity that failed for good:
	// what stands against it may be mended.
	soakPause    = 5 * time.Second
	soakPauseMax = 10 * time.Minute
)

// SoakWorkflow is the time after a switch. It is started by the job, armed, before
// the switch, and outlives it: once the route points at the target it takes the
// namespace and keeps both generations in step, until the window is over or
// somebody decides: retire drops the former generation, rollback points the
// route back at it, end and the cancel signal end the soak and drop nothing.
//
// carried is set by the soak itself when it continues as new. It completes with
// its SoakStatus, however it went.
func SoakWorkflow(ctx workflow.Context, plan SoakPlan, carried *SoakCarried) (SoakStatus, error) {
	s, err := newSoak(ctx, plan, carried)
	if err != nil {
		return SoakStatus{}, err
	}
	return s.live(ctx)
}

// soak is one run of a soak's workflow.
type soak struct {
	SoakCarried
	plan SoakPlan

	cancels   workflow.ReceiveChannel
	interrupt workflow.CancelFunc // ends what the phase is doing
	stopped   string              // why the soak is to end; "" while it is not
	ask       *soakAsk            // the update that is being answered
	troubles  int                 // one after the other
}

func newSoak(ctx workflow.Context, plan SoakPlan, carried *SoakCarried) (*soak, error) {
	info := workflow.GetInfo(ctx)
	id := info.WorkflowExecution.ID
	if plan.Namespace == "" || plan.Active.Locator == "" || plan.Standby.Locator == "" || id != SoakID(plan.Namespace) {
		return nil, fail(activities.CodeInvalidRequest, "a soak is started by a job, with its plan, as workflow %q", SoakID(plan.Namespace))
	}
	s := &soak{plan: plan, cancels: workflow.GetSignalChannel(ctx, SignalCancel), interrupt: func() {}}
	if carried == nil {
		s.SoakCarried = newSoakCarried(id, info.FirstRunID, plan, info.WorkflowStartTime)
	} else {
		leaveToNewer("soak", carried.Version, soakCarriedVersion)
		if err := carried.check(info.FirstRunID); err != nil {
			return nil, fail(activities.CodeInvalidRequest, "%s", err)
		}
		s.SoakCarried = *carried
	}
	for _, j := range []*Job{&s.plan.Active, &s.plan.Standby} {
		j.Run, j.Epoch = s.Run, s.Epoch
	}
	if err := workflow.SetQueryHandler(ctx, QueryStatus, func() (SoakStatus, error) { return s.look(), nil }); err != nil {
		return nil, fmt.Errorf("set query handler: %w", err)
	}
	return s, s.answerUpdates(ctx)
}

// live takes the soak through its phases, in a context that no cancellation
// reaches: listen takes that for what it is.
func (s *soak) live(ctx workflow.Context) (SoakStatus, error) {
	body, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	workflow.Go(ctx, s.listen)
	workflow.Go(ctx, s.listenToTemporal)
	s.show(body)
	for !s.Machine.Phase.Final() {
		if err := s.step(body); err != nil {
			return s.look(), err
		}
		if s.full(body) {
			return SoakStatus{}, workflow.NewContinueAsNewError(body, SoakWorkflowName, plain(s.plan), &s.SoakCarried)
		}
	}
	s.close(body)
	s.answer(nil)
	if err := workflow.Await(body, func() bool { return workflow.AllHandlersFinished(body) }); err != nil {
		return s.look(), err
	}
	return s.look(), nil
}

// plain is the plan as the job gave it.
func plain(p SoakPlan) SoakPlan {
	p.Active.Run, p.Active.Epoch, p.Standby.Run, p.Standby.Epoch = "", 0, "", 0
	return p
}

// step does what the phase asks for and goes to the next one, or stays.
func (s *soak) step(ctx workflow.Context) error {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	s.interrupt = cancel
	switch s.Machine.Phase {
	case SoakArmed:
		return s.await(ctx)
	case SoakSoaking:
		return s.keep(ctx)
	case SoakReversing:
		return s.reverse(ctx)
	case SoakSwitching:
		return s.switchBack(ctx)
	case SoakRetiring:
		return s.retire(ctx)
	}
	return internal(fmt.Errorf("no step in phase %q of a soak", s.Machine.Phase))
}

// to goes to a phase and shows it.
func (s *soak) to(ctx workflow.Context, p SoakPhase) error {
	if err := s.Machine.To(p); err != nil {
		return internal(err)
	}
	if p.Final() {
		now := workflow.Now(ctx)
		s.Status.FinishedAt = &now
	}
	s.show(ctx)
	return nil
}

// listen takes the cancel signal.
func (s *soak) listen(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var raw json.RawMessage
	for s.cancels.Receive(ctx, &raw) {
		s.stop(parseCancel(raw).Reason)
		raw = nil
	}
}

// listenToTemporal takes Temporal's own cancellation.
func (s *soak) listenToTemporal(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	if ctx.Err() != nil {
		s.stop("cancelled through Temporal")
	}
}

// stop has the soak end. One that moves the route or drops a generation does that first.
func (s *soak) stop(reason string) {
	if s.stopped == "" {
		s.stopped = "ended"
		if reason != "" {
			s.stopped = reason
		}
	}
	if s.Machine.Stoppable() {
		s.interrupt()
	}
}

// full reports whether the soak should go on in a new run: only while it soaks,
// and nobody waits for an answer.
func (s *soak) full(ctx workflow.Context) bool {
	if s.Machine.Phase != SoakSoaking || s.ask != nil || s.stopped != "" || s.cancels.Len() > 0 || !workflow.AllHandlersFinished(ctx) {
		return false
	}
	info := workflow.GetInfo(ctx)
	long := s.plan.Active.ContinueAfter > 0 && info.GetCurrentHistoryLength() >= s.plan.Active.ContinueAfter
	return long || info.GetContinueAsNewSuggested() || elapsed(info.WorkflowStartTime, workflow.Now(ctx)) >= soakDaily
}

// trouble notes an error that no attempt heals, and waits: it may be mended.
func (s *soak) trouble(ctx workflow.Context, err error) error {
	s.troubles++
	s.Status.LastError = codeOf(err) + ": " + messageOf(err)
	s.details(ctx)
	pause := soakPauseMax
	if s.troubles < 8 {
		pause = min(pause, soakPause<<(s.troubles-1))
	}
	// That it is interrupted is the next step's to look at.
	workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "try again"}).Get(ctx, nil) //nolint:errcheck // see above
	return nil
}

// close gives back all that the soak holds. That it could not is logged, and
// hides nothing: a job that comes sees that the soak is closed.
func (s *soak) close(ctx workflow.Context) {
	end := activities.SoakEnd{Plan: plain(s.plan), Epoch: s.Epoch, Switched: s.Status.Route != nil}
	if s.LateUntil.After(workflow.Now(ctx)) { // who takes the namespace then, knows to wait
		end.Epoch = 0
	}
	err := workflow.ExecuteActivity(closing(ctx, s.plan.Active, "give the namespace back"), work.EndSoak, end).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Error("give the namespace back", "error", err)
		s.Status.LastError = "the soak's record, consumers or lease could not be given back: " + messageOf(err)
	}
	s.show(ctx)
}
