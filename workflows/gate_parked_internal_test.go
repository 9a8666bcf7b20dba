package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
)

// TestParkedJobKeepsItsNamespace guards the two halves of parking: the slot is
// another job's at once, and the namespace nobody's; else a second job of it would
// hold a slot and wait for the lease, for which the first waits to get a slot.
func TestParkedJobKeepsItsNamespace(t *testing.T) {
	t.Parallel()
	q := warm(1)
	first, second, other := slot("first", "a", 3, 1), slot("second", "a", 1, 2), slot("other", "b", 4, 3)
	q.acquire(first)
	require.Len(t, q.next(), 1)
	q.acquire(second)
	q.acquire(other)
	q.park(first)
	require.Equal(t, []string{"other"}, jobs(q.next()))

	first.Parked, first.Nonce = true, "n2"
	require.Equal(t, waits, q.acquire(first))
	require.Empty(t, q.next(), "the only slot is taken")
	q.release(other)
	granted := q.next()
	require.Equal(t, []string{"first"}, jobs(granted), "not the more urgent one of its own namespace")
	require.False(t, granted[0].Parked)
	require.Empty(t, q.Parked)
	q.over(first)
	require.Equal(t, []string{"second"}, jobs(q.next()))
}

// TestParkingIsOfOneHolding guards the slot of a later turn against what was said
// of an earlier one, and comes late.
func TestParkingIsOfOneHolding(t *testing.T) {
	t.Parallel()
	q := warm(1)
	early, late := slot("j", "a", 3, 1), slot("j", "a", 3, 1)
	late.Nonce = "n2"
	q.acquire(late)
	require.Len(t, q.next(), 1)
	q.park(early)
	require.Equal(t, []string{"j"}, jobs(q.Holders))
	require.Empty(t, q.Parked)
	q.park(late)
	q.park(late)
	require.Empty(t, q.Holders)
	require.Equal(t, []string{"j"}, jobs(q.Parked))
	q.withdraw(late)
	require.Equal(t, []string{"j"}, jobs(q.Parked), "it keeps its namespace until it is over")
	q.over(late)
	require.Empty(t, q.Parked)
	q.park(activities.SlotRequest{Job: "hand-made"})
	require.Empty(t, q.Parked)
}

// TestParkedJobThatBeginsAnew guards namespaces: a job that lost its lease while it
// was parked has it no more, and waits like any other.
func TestParkedJobThatBeginsAnew(t *testing.T) {
	t.Parallel()
	q := warm(2)
	lost, taker := slot("lost", "a", 3, 1), slot("taker", "a", 3, 2)
	q.park(lost)
	lost.Nonce = "n2"
	q.acquire(lost)
	q.acquire(taker)
	require.Empty(t, q.Parked)
	require.Equal(t, []string{"lost"}, jobs(q.next()))
	require.Equal(t, []string{"taker"}, jobs(q.Waiting))
}

// TestParkedJobsAreRecovered guards a gate that lost its state.
func TestParkedJobsAreRecovered(t *testing.T) {
	t.Parallel()
	parked, asks := slot("parked", "a", 3, 1), slot("asks", "b", 3, 2)
	parked.Parked, asks.Parked = true, true
	q := newGateQueue(GateState{Limit: 3})
	q.acquire(asks) // came before the list was read
	q.acquire(slot("rival", "a", 1, 9))
	q.acquire(slot("rival of asks", "b", 1, 9))
	q.recovered(GateState{Parked: []activities.SlotRequest{parked, asks}, Waiting: []activities.SlotRequest{asks}})
	require.Equal(t, []string{"asks", "parked"}, jobs(q.Parked))
	require.Equal(t, []string{"asks"}, jobs(q.next()))
	require.Len(t, q.Waiting, 2, "whose namespaces are taken")
	require.Positive(t, q.bytes())
	held := parked
	held.Held, held.Parked = true, false
	require.Equal(t, honoured, q.acquire(held))
	require.Empty(t, q.Parked)
}
