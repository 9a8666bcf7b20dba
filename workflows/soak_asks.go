package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// soakAsk is an update that was accepted: what is asked for, and its answer.
type soakAsk struct {
	update   string
	rollback RollbackRequest
	retire   RetireRequest
	end      EndRequest
	done     bool
	err      error // why it did not happen
}

// answerUpdates takes the updates of a soak. Each is refused at once, and leaves
// nothing behind, when the soak's phase does not allow it.
func (s *soak) answerUpdates(ctx workflow.Context) error {
	for _, update := range []string{UpdateRollback, UpdateRetire, UpdateEnd} {
		handle := func(ctx workflow.Context, raw json.RawMessage) (SoakStatus, error) {
			a, err := readAsk(update, raw)
			if err != nil {
				return SoakStatus{}, err
			}
			return s.serve(ctx, a)
		}
		check := func(raw json.RawMessage) error {
			a, err := readAsk(update, raw)
			if err != nil {
				return err
			}
			if s.Machine.Phase == SoakArmed { // it may not have noticed the switch yet: its handler looks
				return nil
			}
			return s.refuse(a)
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, update, handle, workflow.UpdateHandlerOptions{Validator: check})
		if err != nil {
			return fmt.Errorf("set update handler %s: %w", update, err)
		}
	}
	return nil
}

func readAsk(update string, raw json.RawMessage) (*soakAsk, error) {
	a := &soakAsk{update: update}
	into := map[string]any{UpdateRollback: &a.rollback, UpdateRetire: &a.retire, UpdateEnd: &a.end}[update]
	return a, decodeUpdate(raw, into)
}

// refuse says why an update can't be taken now.
func (s *soak) refuse(a *soakAsk) error {
	why := s.Machine.Refuses(a.update)
	switch {
	case why == "" && s.ask != nil:
		why = fmt.Sprintf("another %s is under way", s.ask.update)
	case why == "" && s.stopped != "":
		why = "the soak ends: " + s.stopped
	}
	if why != "" {
		return fail(activities.CodeNotNow, "%s of namespace %q: %s", a.update, s.plan.Namespace, why)
	}
	if named := a.retire.Locator; named != "" && named != s.plan.Standby.Locator {
		return fail(activities.CodeInvalidRequest, "the former generation of namespace %q is %s, not %s: nothing is dropped",
			s.plan.Namespace, s.plan.Standby.Locator, named)
	}
	return nil
}

// serve has the soak do what is asked for, and returns how it is behind that.
func (s *soak) serve(ctx workflow.Context, a *soakAsk) (SoakStatus, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := s.noticed(ctx); err != nil {
		return SoakStatus{}, err
	}
	if err := s.refuse(a); err != nil { // the phase may be another one by now
		return SoakStatus{}, err
	}
	s.ask = a
	if s.Epoch != 0 || a.update == UpdateEnd { // else it waits for the namespace, which this needs
		s.interrupt()
	}
	if err := workflow.Await(ctx, func() bool { return a.done }); err != nil {
		return SoakStatus{}, err
	}
	return s.look(), a.err
}

// noticed sees to it that an armed soak notices a switch that has just been: whoever
// saw the job complete need not wait for the soak to see that too.
func (s *soak) noticed(ctx workflow.Context) error {
	if s.Machine.Phase != SoakArmed {
		return nil
	}
	var seen activities.SwitchSeen
	lctx := closing(ctx, s.plan.Active, "has the job switched?") // bounded: the asker waits
	if err := workflow.ExecuteActivity(lctx, work.LookAtSwitch, plain(s.plan)).Get(ctx, &seen); err != nil || !seen.Switched {
		return err
	}
	if s.Machine.Phase == SoakArmed {
		s.interrupt() // its wait begins anew, and ends at once
	}
	return workflow.Await(ctx, func() bool { return s.Machine.Phase != SoakArmed })
}

// begin turns to what was asked for.
func (s *soak) begin(ctx workflow.Context) error {
	s.Status.Refused = ""
	switch s.ask.update {
	case UpdateRollback:
		return s.to(ctx, SoakReversing)
	case UpdateRetire:
		return s.to(ctx, SoakRetiring)
	}
	reason := "ended"
	if s.ask.end.Reason != "" {
		reason = s.ask.end.Reason
	}
	return s.ended(ctx, reason)
}

// answer answers the update that is under way.
func (s *soak) answer(err error) {
	if s.ask != nil {
		s.ask.done, s.ask.err = true, err
		s.ask = nil
	}
}

// refused goes back to soaking: what was asked for did not happen.
func (s *soak) refused(ctx workflow.Context, err error) error {
	s.Status.Refused = codeOf(err) + ": " + messageOf(err)
	s.Status.Reason = ""
	s.answer(fail(codeOf(err), "%s", messageOf(err)))
	return s.to(ctx, SoakSoaking)
}

// retire drops the former generation, by name. A collection that late writers
// wrote is merged first.
func (s *soak) retire(ctx workflow.Context) error {
	if s.plan.Active.Merging {
		if err := s.catchUp(ctx); err != nil {
			return s.lost(ctx, err)
		}
		if !s.Active.Healthy() {
			return s.refused(ctx, fail(s.Active.Code, "what was written into %s can't be brought over: %s", s.plan.Standby.Locator, s.Active.Error))
		}
	}
	dctx := long(ctx, s.plan.Standby, SyncTaskQueue, "drop "+s.plan.Standby.Locator)
	if err := workflow.ExecuteActivity(dctx, work.DropFormer, s.plan.Standby).Get(ctx, nil); err != nil {
		return s.refused(ctx, err)
	}
	s.Status.Reason = "retired: generation " + s.plan.Standby.Locator + " was dropped"
	return s.to(ctx, SoakRetired)
}
