package workflows_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// soakMoments names a moment in each phase of a soak that messages can meet: the
// call of an activity, and the update that leads there.
var soakMoments = map[workflows.SoakPhase]struct{ call, update string }{
	workflows.SoakArmed:     {"AwaitSwitch", ""},
	workflows.SoakSoaking:   {"KeepInStep", ""},
	workflows.SoakReversing: {"FinishIndex", workflows.UpdateRollback},
	workflows.SoakSwitching: {"Switch", workflows.UpdateRollback},
	workflows.SoakRetiring:  {"DropFormer", workflows.UpdateRetire},
}

// meet plays a soak in which something happens in a phase: while the phase's
// activity is tried again, so that the workflow can be told.
func (s *soakStage) meet(phase workflows.SoakPhase, what func()) workflows.SoakStatus {
	at := soakMoments[phase]
	if at.update != "" {
		s.after(time.Minute, at.update, nil)
	}
	met := false
	s.before[at.call] = func(int) error {
		if met {
			return nil
		}
		met = true
		s.env.RegisterDelayedCallback(what, 200*time.Millisecond)
		return passing(activities.CodeUnavailable)
	}
	return s.play()
}

// TestEachUpdateInEachPhase guards every message against every phase: it is taken,
// or refused with a reason, and the phase goes on as if it had not come.
func TestEachUpdateInEachPhase(t *testing.T) {
	t.Parallel()
	undisturbed := map[workflows.SoakPhase]workflows.SoakPhase{
		workflows.SoakArmed: workflows.SoakEnded, workflows.SoakReversing: workflows.SoakReversed,
		workflows.SoakSwitching: workflows.SoakReversed, workflows.SoakRetiring: workflows.SoakRetired,
	}
	taken := map[string]workflows.SoakPhase{
		workflows.UpdateRollback: workflows.SoakReversed, workflows.UpdateRetire: workflows.SoakRetired, workflows.UpdateEnd: workflows.SoakEnded,
	}
	why := map[workflows.SoakPhase]string{
		workflows.SoakArmed: "has not switched yet", workflows.SoakReversing: "a rollback is under way",
		workflows.SoakSwitching: "a rollback is under way", workflows.SoakRetiring: "is being dropped",
	}
	for phase := range soakMoments {
		for update, end := range taken {
			t.Run(string(phase)+" "+update, func(t *testing.T) {
				t.Parallel()
				s := newSoakStage(t)
				a := &answer{}
				status := s.meet(phase, func() { s.update(a, update, nil) })
				if phase == workflows.SoakSoaking {
					require.NoError(t, a.rejected)
					require.True(t, a.done)
					require.NoError(t, a.failed)
					require.Equal(t, end, status.Phase)
					return
				}
				if phase == workflows.SoakArmed {
					a.rejected = a.failed // it has looked whether that is still so
				}
				require.ErrorContains(t, a.rejected, why[phase])
				require.Equal(t, undisturbed[phase], status.Phase)
			})
		}
	}
}

// TestUpdateRightBehindTheSwitch guards whoever saw the job complete: the soak may
// not have noticed the switch yet, and looks.
func TestUpdateRightBehindTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.justSwitched = true
	a := &answer{}
	status := s.meet(workflows.SoakArmed, func() { s.update(a, workflows.UpdateRollback, nil) })
	require.NoError(t, a.rejected)
	require.NoError(t, a.failed)
	require.Equal(t, workflows.SoakReversed, status.Phase)
	require.Equal(t, 1, s.called("LookAtSwitch"))
}

// TestStopOfASoakInEachPhase guards the cancel signal and Temporal's own
// cancellation: they end the soak, drop nothing, and come too late once the route
// is moved or a generation dropped.
func TestStopOfASoakInEachPhase(t *testing.T) {
	t.Parallel()
	for phase := range soakMoments {
		for _, native := range []bool{false, true} {
			t.Run(string(phase)+map[bool]string{true: " by Temporal", false: " by signal"}[native], func(t *testing.T) {
				t.Parallel()
				s := newSoakStage(t)
				status := s.meet(phase, func() {
					if native {
						s.env.CancelWorkflow()
						return
					}
					s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "enough"})
				})
				require.Equal(t, 1, s.called("EndSoak"), "all is given back")
				switch phase {
				case workflows.SoakSwitching:
					require.Equal(t, workflows.SoakReversed, status.Phase)
				case workflows.SoakRetiring:
					require.Equal(t, workflows.SoakRetired, status.Phase)
				default:
					require.Equal(t, workflows.SoakEnded, status.Phase)
					require.Zero(t, s.called("Switch"))
					require.Zero(t, s.called("DropFormer"))
					if native {
						require.Equal(t, "cancelled through Temporal", status.Reason)
					} else {
						require.Equal(t, "enough", status.Reason)
					}
				}
			})
		}
	}
}

// TestTwoRollbacksAtOnce guards against a second one on top of the first: one
// moves the route, the other is told so.
func TestTwoRollbacksAtOnce(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	var both [2]answer
	s.env.RegisterDelayedCallback(func() {
		for i := range both {
			s.update(&both[i], workflows.UpdateRollback, nil)
		}
	}, time.Minute)
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.NoError(t, both[0].rejected)
	require.NoError(t, both[0].failed)
	require.Error(t, both[1].rejected)
	require.Len(t, s.switched, 1)
}

// TestStopWithARollback guards an update that is taken in the moment in which the
// soak is told to end: it is answered that it did not happen.
func TestStopWithARollback(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	a := &answer{}
	status := s.meet(workflows.SoakReversing, func() { s.env.SignalWorkflow(workflows.SignalCancel, nil) })
	require.Equal(t, workflows.SoakEnded, status.Phase)
	s = newSoakStage(t)
	s.env.RegisterDelayedCallback(func() {
		s.update(a, workflows.UpdateRollback, nil)
		s.env.SignalWorkflow(workflows.SignalCancel, nil)
	}, time.Minute)
	require.Equal(t, workflows.SoakEnded, s.play().Phase)
	require.ErrorContains(t, a.failed, "ended before the rollback")
	require.Zero(t, s.called("Switch"))
}

// TestPayloadsOfUpdates guards what people write by hand.
func TestPayloadsOfUpdates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		update  string
		payload any
		refused string
	}{
		"a typing error":    {workflows.UpdateRollback, map[string]bool{"stail": true}, `unknown field "stail"`},
		"a wrong type":      {workflows.UpdateRetire, map[string]int{"locator": 1}, "cannot unmarshal"},
		"no object":         {workflows.UpdateEnd, "please", "cannot unmarshal"},
		"nothing":           {workflows.UpdateEnd, nil, ""},
		"an empty object":   {workflows.UpdateEnd, map[string]any{}, ""},
		"a reason to end":   {workflows.UpdateEnd, workflows.EndRequest{Reason: "all is well"}, ""},
		"another's locator": {workflows.UpdateRetire, workflows.RetireRequest{Locator: "elsewhere"}, "is docs_small, not elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSoakStage(t)
			a := s.after(time.Minute, c.update, c.payload)
			status := s.play()
			require.Equal(t, workflows.SoakEnded, status.Phase)
			if c.refused != "" {
				require.ErrorContains(t, a.rejected, c.refused)
				require.Equal(t, "the window is over", status.Reason)
				return
			}
			require.NoError(t, a.rejected)
			require.NotEqual(t, "the window is over", status.Reason)
		})
	}
}

// TestSoakMachine guards the phases themselves: what is over stays over, and the
// switch of a rollback and the drop lead on or back, never to another end.
func TestSoakMachine(t *testing.T) {
	t.Parallel()
	all := []workflows.SoakPhase{
		workflows.SoakArmed, workflows.SoakSoaking, workflows.SoakReversing, workflows.SoakSwitching, workflows.SoakRetiring,
		workflows.SoakRetired, workflows.SoakReversed, workflows.SoakEnded, workflows.SoakDisarmed,
	}
	for _, from := range all {
		ways := 0
		for _, to := range all {
			m := workflows.SoakMachine{Phase: from}
			if err := m.To(to); err != nil {
				require.Equal(t, from, m.Phase)
				continue
			}
			ways++
			require.False(t, from.Final())
			require.NotEqual(t, from, to)
		}
		require.Equal(t, from.Final(), ways == 0, from)
		m := workflows.SoakMachine{Phase: from}
		if from.Final() || from == workflows.SoakSwitching || from == workflows.SoakRetiring {
			require.False(t, m.Stoppable())
		}
		require.Equal(t, from == workflows.SoakSoaking, m.Refuses("rollback") == "")
	}
}

// TestEverythingOfASoakIsCarried guards continue-as-new against a field that JSON drops.
func TestEverythingOfASoakIsCarried(t *testing.T) {
	t.Parallel()
	var before, after workflows.SoakCarried
	fill(reflect.ValueOf(&before).Elem(), 0)
	before.Version = 1
	raw, err := json.Marshal(before)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &after))
	require.Equal(t, before, after)

	require.NoError(t, json.Unmarshal([]byte(`{"version":2,"machine":5}`), &after), "of a later schema nothing is read")
	require.Equal(t, workflows.SoakCarried{Version: 2}, after)
}
