package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// names are the jobs of requests, sorted.
func names(rs []activities.SlotRequest) []string {
	out := []string{}
	for _, r := range rs {
		out = append(out, r.Job)
	}
	slices.Sort(out)
	return out
}

// TestGateEndingLosesNobody guards the turn in which a gate continues as new:
// signals that came with it are all taken, and a grant whose coroutine had no
// turn any more is sent by the next run, once.
func TestGateEndingLosesNobody(t *testing.T) {
	t.Parallel()
	first := newDoor(t)
	first.env.RegisterDelayedCallback(func() { // while the gate still looks for running jobs
		for _, job := range []string{"a", "b", "c", "d", "e"} {
			first.env.SignalWorkflowSkippingWorkflowTask(activities.SignalGateAcquire, want(job, job, 3))
		}
	}, 0)
	carried := first.run(workflows.GateState{Limit: 2, ContinueAfter: 1})
	require.Equal(t, []string{"a", "b"}, names(carried.Holders))
	require.Equal(t, []string{"c", "d", "e"}, names(carried.Waiting))
	told := first.heard()

	second := newDoor(t)
	second.env.RegisterDelayedCallback(func() {
		for _, h := range second.state().Holders {
			require.True(t, h.Granted, "%s was told", h.Job)
		}
		require.ElementsMatch(t, []string{"a", "b"}, second.watched(), "its holders are watched by each run")
		second.end("a", nil)
		second.end("b", nil)
	}, time.Second)
	carried.ContinueAfter = 2
	carried = second.run(carried)
	for _, grant := range []string{"a a-nonce", "b b-nonce"} {
		require.Contains(t, append(told, second.heard()...), grant)
	}
	require.Equal(t, []string{"c", "d"}, names(carried.Holders))
	require.Equal(t, []string{"e"}, names(carried.Waiting))
	require.Equal(t, 2, carried.Runs)
}

// TestGateTellsAHolderAgain guards a job that was reset: it asks with another
// nonce, keeps its slot, and hears of it with that nonce.
func TestGateTellsAHolderAgain(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	again := want("j", "a", 3)
	again.Nonce = "second"
	d.ask(0, want("j", "a", 3))
	d.ask(time.Second, again)
	d.env.RegisterDelayedCallback(func() {
		holders := d.state().Holders
		require.Len(t, holders, 1)
		require.Equal(t, "second", holders[0].Nonce)
		require.True(t, holders[0].Granted)
		d.mu.Lock()
		d.deaf["j"] = true
		d.mu.Unlock()
		d.env.SignalWorkflow(activities.SignalGateAcquire, want("j", "a", 3))
	}, 2*time.Second)
	d.env.RegisterDelayedCallback(func() {
		holders := d.state().Holders
		require.Len(t, holders, 1, "a holder that can't be told again is still watched")
		require.False(t, holders[0].Granted)
		d.end("j", nil)
	}, 3*time.Second)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 4})
	require.Equal(t, []string{"j j-nonce", "j second"}, d.heard())
	require.Equal(t, []string{"j"}, d.watched(), "one watch is enough")
}

// TestGateHonoursWhoHolds guards slots over a gate that does not know them: the
// job that says it holds one is counted, watched, and frees it by ending.
func TestGateHonoursWhoHolds(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	held := want("held", "a", 3)
	held.Held = true
	d.ask(0, held)
	d.ask(time.Second, want("next", "b", 3))
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"held held-nonce"}, d.heard())
		require.Equal(t, []string{"next"}, names(d.state().Waiting))
		d.end("held", nil)
	}, 2*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("next", nil) }, 3*time.Second)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 4})
	require.Equal(t, []string{"held held-nonce", "next next-nonce"}, d.heard())
}

// TestGateLetsGo guards the queue against jobs that were cancelled while they waited.
func TestGateLetsGo(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.ask(0, want("first", "a", 3))
	d.ask(500*time.Millisecond, want("gone", "b", 1), want("next", "c", 4))
	d.env.RegisterDelayedCallback(func() {
		d.env.SignalWorkflow(activities.SignalGateWithdraw, want("gone", "b", 1))
		d.env.SignalWorkflow(activities.SignalGateWithdraw, want("first", "a", 3))
	}, time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"first"}, names(d.state().Holders), "a holder keeps its slot until it is over")
		d.end("first", nil)
	}, 2*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("next", nil) }, 3*time.Second)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 7})
	require.Equal(t, []string{"first first-nonce", "next next-nonce"}, d.heard())
}

// TestGateContinuesWhenTheServerAsks guards the gate's history.
func TestGateContinuesWhenTheServerAsks(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.env.RegisterDelayedCallback(func() {
		d.env.SetContinueAsNewSuggested(true)
		d.env.SignalWorkflow(activities.SignalGateLimit, 5)
	}, time.Second)
	carried := d.run(workflows.GateState{Warm: true, Limit: 1, ContinueAfter: 1000})
	require.Equal(t, 5, carried.Limit)
	require.Equal(t, 1000, carried.ContinueAfter, "limits are state, no worker's setting")
}

// TestGateWaitsBeforeItWatchesOn guards the server against a watch that fails at once, always.
func TestGateWaitsBeforeItWatchesOn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.ask(0, want("j", "a", 1))
	d.env.RegisterDelayedCallback(func() { d.end("j", hopeless("INTERNAL", "the watch broke")) }, time.Second)
	d.env.RegisterDelayedCallback(func() { require.Len(t, d.watched(), 1) }, 5*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Len(t, d.watched(), 2)
		d.end("j", nil)
	}, time.Minute)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 2})
}
