package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// judged looks at what a job left. again says that the next job is to show that
// it stumbles over nothing.
func (t *trial) judged(ctx context.Context, s workflows.Status) (again bool, err error) {
	now, err := t.place.look(ctx)
	if err != nil {
		return false, err
	}
	if s.State == workflows.Completed {
		err = t.judge.completed(ctx)
		if from := t.lane.model(small); err == nil && s.From == from && (s.Former == nil || s.Former.Model != from) {
			err = fmt.Errorf("the status has %+v for the route that was left", s.Former)
		}
	} else {
		err = errors.Join(t.judge.now(ctx), t.mayEnd(s))
		if err == nil && !t.late(s) {
			err = t.judge.unmoved(now)
		}
	}
	if err != nil {
		return false, fmt.Errorf("job %s ended %s in phase %s: %s %s: %w", s.Job, s.State, s.Phase, s.ErrorCode, s.Reason, err)
	}
	holder, err := t.judge.holder(now)
	if err == nil && holder != "" && holder != s.Job && holder != abandoned {
		err = fmt.Errorf("the lease is held by %q", holder)
	}
	if err != nil {
		return false, err
	}
	state, err := t.judge.outcome(now, s.Job)
	if err == nil && state != string(s.State) && (state != "" || !t.loses(s)) && !t.late(s) {
		err = fmt.Errorf("the registry has job %s as %q, it ended %s", s.Job, state, s.State)
	}
	return s.State != workflows.Completed || holder != "", err
}

// loses reports whether the fault may keep the outcome from being recorded: that
// of a job whose request was never resolved is not, as nobody knows its registry.
func (t *trial) loses(s workflows.Status) bool {
	if t.strike == nil || t.mends {
		return false
	}
	if s.ErrorCode == starter.CodeTerminated {
		return true
	}
	at := t.where.Load()
	return at == "RecordOutcome" || at == "Resolve" && s.Phase == workflows.Queued && s.RunningSince == nil
}

// late reports whether a job was terminated in its switch or behind it: the
// route may have been moved, since what is under way then is not called back.
func (t *trial) late(s workflows.Status) bool {
	at, _ := t.where.Load().(string)
	return s.ErrorCode == starter.CodeTerminated && slices.Contains([]string{"Switch", "RecordOutcome", "ReleaseLease"}, at)
}

// mayEnd says whether a job may end otherwise than completed, and as it did.
func (t *trial) mayEnd(s workflows.Status) error {
	switch {
	case t.strike == nil:
		return errors.New("nothing failed")
	case s.State == workflows.Cancelled && t.cut, s.ErrorCode == starter.CodeTerminated && t.name == "terminate":
		return nil
	case t.mends || t.err == nil:
		return errors.New("trying again would have mended it")
	case s.State != workflows.Failed:
		return errors.New("nobody cancelled it")
	case !strings.EqualFold(s.ErrorCode, t.name):
		return fmt.Errorf("the code is not %q", strings.ToUpper(t.name))
	}
	return nil
}
