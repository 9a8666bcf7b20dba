package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// moment is the n-th call of an activity.
type moment struct {
	name string
	n    int
}

// phases names, for each phase before the switch, a moment in it; queued is the
// wait for the namespace, that for a slot has its own tests.
var phases = map[workflows.Phase]moment{
	workflows.Queued: {"AcquireLease", 1}, workflows.Planning: {"Plan", 1}, workflows.Preparing: {"Prepare", 1},
	workflows.Copying: {"SyncSegment", 1}, workflows.CatchingUp: {"SyncSegment", 7}, workflows.Indexing: {"FinishIndex", 1},
	workflows.Verifying: {"VerifySegment", 1}, workflows.Ready: {"CheckSwitch", 1},
}

// leases is how many a job that ends in this phase has to give back.
func leases(p workflows.Phase) int {
	if p == workflows.Queued {
		return 0
	}
	return 1
}

// TestCancelInEachPhase guards both ways to cancel: nothing is switched, the
// namespace is given back, and the end is recorded.
func TestCancelInEachPhase(t *testing.T) {
	t.Parallel()
	for phase, at := range phases {
		for way, native := range map[string]bool{"signal": false, "Temporal": true} {
			t.Run(string(phase)+" by "+way, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.cancelAt(at.name, at.n, native)
				status := s.play()
				require.Equal(t, workflows.Cancelled, status.State, status.Reason)
				require.Equal(t, phase, status.Phase)
				require.Empty(t, status.ErrorCode)
				require.Zero(t, s.called("Switch"))
				require.Equal(t, leases(phase), s.called("ReleaseLease"))
				require.Len(t, s.outcomes, 1)
				require.Equal(t, "CANCELLED", s.outcomes[0].State)
				if native {
					require.Equal(t, "cancelled through Temporal", status.Reason)
				} else {
					require.Equal(t, "wrong model", status.Reason)
				}
			})
		}
	}
}

// TestReasonOfACancellation guards the signal's payload, which people write by hand.
func TestReasonOfACancellation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload any
		want    string
	}{
		"object":       {map[string]any{"reason": "wrong model", "by": "ops"}, "wrong model"},
		"bare string":  {"just stop", "just stop"},
		"nothing":      {nil, "cancelled"},
		"empty":        {workflows.CancelRequest{}, "cancelled"},
		"a number":     {42, "cancelled"},
		"a wrong type": {map[string]any{"reason": 42}, "cancelled"},
		// What is escaped six times as long would not fit into an activity's input.
		"a novel": {strings.Repeat("<", 999) + strings.Repeat("é", 300_000), strings.Repeat("<", 999) + "..."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.onCall = func(called string, _ int) {
				if called == "Plan" {
					s.env.SignalWorkflow(workflows.SignalCancel, c.payload)
					s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "a second one"})
				}
			}
			status := s.play()
			require.Equal(t, workflows.Cancelled, status.State)
			require.Equal(t, c.want, status.Reason)
		})
	}
}

// TestCancelInTheQueue guards the gate's queue: a job that is cancelled while it
// waits takes its request back, and has nothing to give back.
func TestCancelInTheQueue(t *testing.T) {
	t.Parallel()
	for way, stop := range map[string]func(*stage){
		"signal": func(s *stage) {
			s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
		},
		"Temporal": func(s *stage) { s.env.CancelWorkflow() },
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.noGrant = true
			s.env.RegisterDelayedCallback(func() { stop(s) }, time.Hour)
			status := s.play()
			require.Equal(t, workflows.Cancelled, status.State)
			require.Equal(t, workflows.Queued, status.Phase)
			require.Equal(t, 1, s.called("withdraw"))
			require.Zero(t, s.called("AcquireLease"))
			require.Zero(t, s.called("ReleaseLease"))
			require.Greater(t, s.called("AcquireSlot"), 10, "it asks again and again: a request may be lost")
		})
	}
}
