package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// parks has a job give its slot back.
func (d *door) parks(at time.Duration, r activities.SlotRequest) {
	d.env.RegisterDelayedCallback(func() { d.env.SignalWorkflow(activities.SignalGatePark, r) }, at)
}

// says ends the latest watch over a job with what its memo says.
func (d *door) says(r activities.SlotRequest, state string) {
	d.t.Helper()
	d.mu.Lock()
	token := d.over[r.Job]
	d.mu.Unlock()
	require.NoError(d.t, d.env.CompleteActivity(token, activities.Watched{Slot: &activities.SlotMemo{Request: r, State: state}}, nil))
}

// TestGateTakesASlotBack guards the whole way of a job that waits for people: its
// slot goes to the next, and it is granted another, under another nonce, before
// those of its own namespace.
func TestGateTakesASlotBack(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	again := want("first", "a", 3)
	again.Nonce, again.Parked, again.Turn = "second-turn", true, 1
	d.ask(0, want("first", "a", 3))
	d.ask(time.Second, want("rival", "a", 1), want("next", "b", 4))
	d.parks(2*time.Second, want("first", "a", 3))
	d.env.RegisterDelayedCallback(func() {
		state := d.state()
		require.Equal(t, []string{"next"}, names(state.Holders))
		require.Equal(t, []string{"first"}, names(state.Parked))
		require.Equal(t, []string{"rival"}, names(state.Waiting))
		require.Equal(t, []string{"first", "next"}, d.watched(), "the watch over a parked job goes on")
	}, 3*time.Second)
	d.ask(4*time.Second, again)
	d.env.RegisterDelayedCallback(func() { d.end("next", nil) }, 5*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"first first-nonce", "next next-nonce", "first second-turn"}, d.heard())
		require.Empty(t, d.state().Parked)
		require.Equal(t, []string{"first", "next", "first"}, d.watched())
		d.end("first", nil)
	}, 6*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("rival", nil) }, 7*time.Second)
	carried := d.run(workflows.GateState{Limit: 1, ContinueAfter: 8}) // five signals, three ends
	require.Empty(t, carried.Holders)
	require.Empty(t, carried.Parked)
	require.Equal(t, "rival rival-nonce", d.heard()[3])
}

// TestGateForgetsAParkedJobThatIsOver guards namespaces against jobs that are
// cancelled or terminated while they wait for people.
func TestGateForgetsAParkedJobThatIsOver(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	asks := want("first", "a", 3)
	asks.Nonce, asks.Parked, asks.Turn = "second-turn", true, 1
	d.ask(0, want("first", "a", 3), want("other", "b", 3))
	d.ask(time.Second, want("rival", "a", 3))
	d.parks(2*time.Second, want("first", "a", 3))
	d.env.RegisterDelayedCallback(func() {
		d.env.SignalWorkflow(activities.SignalGateLimit, 1) // so that it has to wait
		d.env.SignalWorkflow(activities.SignalGateAcquire, asks)
	}, 3*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("first", nil) }, 4*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("other", nil) }, 5*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, "rival rival-nonce", d.heard()[len(d.heard())-1])
		require.Empty(t, d.state().Waiting)
		d.end("rival", nil)
	}, 6*time.Second)
	d.run(workflows.GateState{Limit: 2, ContinueAfter: 9})
}

// TestGateCarriesParkedJobs guards them over continue-as-new, and over a gate
// that lost its state: each run watches them, and tells them nothing.
func TestGateCarriesParkedJobs(t *testing.T) {
	t.Parallel()
	parked := want("parked", "a", 3)
	parked.Parked = true
	for name, state := range map[string]workflows.GateState{
		"continued": {Warm: true, Limit: 1, ContinueAfter: 2, Parked: []activities.SlotRequest{parked}},
		"cold":      {Limit: 1, ContinueAfter: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t)
			d.found = workflows.GateState{Parked: []activities.SlotRequest{parked}}
			d.ask(time.Second, want("rival", "a", 1))
			d.env.RegisterDelayedCallback(func() {
				require.Equal(t, []string{"parked"}, d.watched())
				require.Empty(t, d.heard())
				d.env.SignalWorkflow(activities.SignalGateLimit, 2)
			}, 2*time.Second)
			carried := d.run(state)
			require.Equal(t, []string{"parked"}, names(carried.Parked))
			require.Equal(t, []string{"rival"}, names(carried.Waiting))
		})
	}
}

// TestGateBelievesTheMemo guards a gate that recovered from a list that was a
// moment behind: what a watch sees in the job's memo corrects it.
func TestGateBelievesTheMemo(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	stale, really := want("j", "a", 3), want("k", "b", 3)
	stale.Granted = true
	parked := want("k", "b", 3)
	parked.Parked = true
	really.Nonce, really.Held = "second-turn", true
	d.found = workflows.GateState{Holders: []activities.SlotRequest{stale}, Parked: []activities.SlotRequest{parked}}
	d.ask(time.Second, want("next", "c", 3), want("last", "d", 4))
	d.env.RegisterDelayedCallback(func() { d.says(stale, activities.SlotParked) }, 2*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"next next-nonce"}, d.heard(), "its turn has come")
		require.Equal(t, []string{"j", "k"}, names(d.state().Parked))
		d.says(really, activities.SlotHeld)
	}, 3*time.Second)
	d.env.RegisterDelayedCallback(func() {
		state := d.state()
		require.Equal(t, []string{"k", "next"}, names(state.Holders), "over the limit, and seen to be")
		require.Equal(t, []string{"j"}, names(state.Parked))
		d.end("next", nil)
	}, 4*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"last"}, names(d.state().Waiting))
		d.end("k", nil)
	}, 5*time.Second)
	carried := d.run(workflows.GateState{Limit: 1, ContinueAfter: 6}) // two signals, two words of memos, two ends
	require.Equal(t, []string{"j"}, names(carried.Parked))
	require.Equal(t, []string{"last"}, names(carried.Holders))
}
