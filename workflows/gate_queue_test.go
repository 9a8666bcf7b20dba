package workflows

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
)

func slot(job, namespace string, priority int, at int64) activities.SlotRequest {
	return activities.SlotRequest{Job: job, FirstRun: job + "-run", Nonce: "n1", Namespace: namespace, Priority: priority, StartedAt: at}
}

func jobs(rs []activities.SlotRequest) []string {
	names := []string{}
	for _, r := range rs {
		names = append(names, r.Job)
	}
	return names
}

func warm(limit int) *gateQueue { return newGateQueue(GateState{Limit: limit, Warm: true}) }

func TestQueueOrder(t *testing.T) {
	t.Parallel()
	q := warm(0)
	for _, r := range []activities.SlotRequest{
		slot("late", "a", 3, 30), slot("early", "b", 3, 10), slot("low", "c", 4, 1), slot("critical", "d", 1, 99), slot("same", "e", 3, 30),
	} {
		require.Equal(t, waits, q.acquire(r))
	}
	require.Empty(t, q.next(), "a limit of none holds all back")
	q.resize(2)
	require.Equal(t, []string{"critical", "early"}, jobs(q.next()))
	q.resize(1)
	require.Empty(t, q.next())
	require.Len(t, q.Holders, 2, "holders are never evicted")
	q.resize(-1)
	require.Equal(t, 1, q.Limit)
	q.resize(10)
	require.Equal(t, []string{"late", "same", "low"}, jobs(q.next()), "equals keep their order")
	require.EqualValues(t, 5, q.Granted)
}

// TestBusyNamespaceLetsOthersPass guards one job per namespace.
func TestBusyNamespaceLetsOthersPass(t *testing.T) {
	t.Parallel()
	q := warm(2)
	q.acquire(slot("a1", "a", 3, 1))
	q.acquire(slot("a2", "a", 1, 2))
	q.acquire(slot("b1", "b", 4, 3))
	require.Equal(t, []string{"a2", "b1"}, jobs(q.next()))
	q.release(slot("a2", "a", 1, 2))
	require.Equal(t, []string{"a1"}, jobs(q.next()))
}

func TestQueueRequests(t *testing.T) {
	t.Parallel()
	q := warm(1)
	for name, spoil := range map[string]func(*activities.SlotRequest){
		"job":       func(r *activities.SlotRequest) { r.Job = "" },
		"first run": func(r *activities.SlotRequest) { r.FirstRun = "" },
		"nonce":     func(r *activities.SlotRequest) { r.Nonce = "" },
		"namespace": func(r *activities.SlotRequest) { r.Namespace = "" },
		// The server refuses a signal to such an id, and the gate's task with it.
		"id that the server takes": func(r *activities.SlotRequest) { r.Job = strings.Repeat("j", 1001) },
		"namespace of that length": func(r *activities.SlotRequest) { r.Namespace = strings.Repeat("n", 1001) },
	} {
		r := slot("j", "a", 3, 1)
		spoil(&r)
		require.Equal(t, dropped, q.acquire(r), "without %s", name)
	}
	long := slot("j", "a", 3, 1)
	long.Job = strings.Repeat("j", 1000)
	require.Equal(t, waits, q.acquire(long), "the server takes it")
	q.withdraw(long)
	require.Equal(t, waits, q.acquire(slot("j", "a", 3, 1)))
	require.Equal(t, waits, q.acquire(slot("j", "a", 3, 1)), "asked again")
	require.Len(t, q.Waiting, 1)
	require.Len(t, q.next(), 1)

	first := q.Holders[0]
	second := first
	second.Nonce = "n2"
	require.Equal(t, again, q.acquire(second), "a holder that asks is told again")
	q.delivered(first)
	require.False(t, q.Holders[0].Granted, "the former nonce's delivery says nothing")
	q.delivered(second)
	require.True(t, q.Holders[0].Granted)

	unknown := slot("held", "b", 3, 1)
	unknown.Held = true
	q.acquire(slot("held", "b", 3, 1))
	require.Equal(t, honoured, q.acquire(unknown), "who holds a slot is counted, above the limit too")
	require.Len(t, q.Holders, 2)
	require.Empty(t, q.Waiting, "and waits no more")

	q.withdraw(second)
	require.Len(t, q.Holders, 2, "a holder keeps its slot until it parks or is seen closed")
	q.release(slot("nobody", "x", 1, 1))
	require.Len(t, q.Holders, 2)
}

func TestQueueRecovers(t *testing.T) {
	t.Parallel()
	q := newGateQueue(GateState{Waiting: []activities.SlotRequest{slot("held", "a", 3, 1)}})
	require.Equal(t, activities.DefaultMaxJobs, q.Limit)
	found := GateState{
		Holders: []activities.SlotRequest{slot("held", "a", 3, 1)},
		Waiting: []activities.SlotRequest{slot("w", "b", 3, 2), slot("held", "a", 3, 1)},
	}
	q.recovered(found)
	q.recovered(found)
	require.True(t, q.Warm)
	require.Equal(t, []string{"held"}, jobs(q.Holders))
	require.Equal(t, []string{"w"}, jobs(q.Waiting))
	require.Zero(t, newGateQueue(GateState{Warm: true}).Limit, "a limit of zero that was set stays")
}

// TestEqualsKeepTheirOrder guards arrival among jobs that nothing else tells
// apart; a sort that is not stable mixes them from a dozen on.
func TestEqualsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	q := warm(50)
	var want []string
	for i := range 50 {
		name := fmt.Sprint("j", i)
		want = append(want, name)
		q.acquire(slot(name, name, 2, 5))
	}
	require.Equal(t, want, jobs(q.next()))
}

// TestQueueFitsIntoItsNextRun guards the gate's continue-as-new, whose input the
// server refuses above 2 MB: what finds no room is dropped, and asks again later.
func TestQueueFitsIntoItsNextRun(t *testing.T) {
	t.Parallel()
	q := warm(0)
	n := 0
	for ; n < 20_000; n++ {
		if q.acquire(slot(fmt.Sprint("reembed-namespace-", n), "namespace", 3, int64(n))) == dropped {
			break
		}
	}
	require.Greater(t, n, 4000, "room for many")
	require.Equal(t, waits, q.acquire(q.Waiting[7]), "who waits may ask again")
	raw, err := json.Marshal(q.GateState)
	require.NoError(t, err)
	require.Less(t, len(raw), 2_000_000)
	q.withdraw(q.Waiting[0])
	require.Equal(t, waits, q.acquire(slot("late", "a", 1, 1)), "there is room again")
}

// TestQueueBelievesTheLatestRequest guards jobs that were reset: the grant has
// to carry the nonce of the run that asks now.
func TestQueueBelievesTheLatestRequest(t *testing.T) {
	t.Parallel()
	q := warm(1)
	first := slot("j", "a", 3, 1)
	second, third := first, first
	second.Nonce, third.Nonce = "n2", "n3"
	q.acquire(first)
	q.acquire(second)
	require.Equal(t, []activities.SlotRequest{second}, q.next())
	q.delivered(second)
	require.Equal(t, again, q.acquire(third))
	require.Equal(t, "n3", q.Holders[0].Nonce)
	require.False(t, q.Holders[0].Granted, "its new run was not told yet")
}

// TestOneIDTwoJobs guards a job that has the id of a former one: what is said
// of the former is not said of it.
func TestOneIDTwoJobs(t *testing.T) {
	t.Parallel()
	q := warm(1)
	former, later := slot("j", "a", 3, 1), slot("j", "a", 3, 2)
	later.FirstRun = "later"
	q.acquire(former)
	require.Len(t, q.next(), 1)
	require.Equal(t, waits, q.acquire(later), "it holds nothing")
	q.withdraw(former)
	require.Equal(t, []activities.SlotRequest{later}, q.Waiting)
	q.release(later)
	require.Equal(t, []activities.SlotRequest{former}, q.Holders)
	q.release(former)
	require.Equal(t, []activities.SlotRequest{later}, q.next())
}

func TestQueueLimits(t *testing.T) {
	t.Parallel()
	q := newGateQueue(GateState{})
	require.Equal(t, activities.DefaultMaxJobs, q.Limit)
	require.Equal(t, defaultGateEvents, q.ContinueAfter)
	q = newGateQueue(GateState{Limit: 7, ContinueAfter: 9})
	require.Equal(t, 7, q.Limit)
	require.Equal(t, 9, q.ContinueAfter)
	q.acquire(slot("j", "a", 3, 1))
	q.resize(0)
	require.Empty(t, q.next(), "zero is a limit: it holds all back")
	q.resize(1)
	require.Len(t, q.next(), 1)
}

// TestQueueHoldsItsPromises does thousands of random things: next never goes
// over the limit, nor gives one namespace twice, leaves no slot free for which
// somebody could go, and nobody is lost.
func TestQueueHoldsItsPromises(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		dice := rand.New(rand.NewPCG(seed, 1))
		q := warm(1 + dice.IntN(4))
		alive := map[string]bool{}
		for range 400 {
			name := fmt.Sprint("j", dice.IntN(20))
			r := slot(name, fmt.Sprint("ns", dice.IntN(20)%7), 1+dice.IntN(4), dice.Int64N(50))
			r.Namespace = "ns" + fmt.Sprint(len(name)*int(name[len(name)-1])%7)
			switch dice.IntN(8) {
			case 0, 1:
				r.Parked = find(q.Parked, r) >= 0
				q.acquire(r)
				alive[name] = true
			case 2:
				if find(q.Holders, r) < 0 && find(q.Parked, r) < 0 {
					delete(alive, name)
				}
				q.withdraw(r)
			case 3:
				delete(alive, name)
				q.over(r)
			case 4:
				q.resize(dice.IntN(5))
			case 5, 6:
				if find(q.Holders, r) >= 0 {
					q.park(r)
				}
			case 7:
				r.Nonce = "of another turn"
				if find(q.Holders, r) >= 0 {
					q.park(r) // of none that it holds
				}
			}
			before := len(q.Holders)
			granted := q.next()
			if len(granted) > 0 {
				require.LessOrEqual(t, before+len(granted), q.Limit)
			}
			seen := map[string]bool{}
			for _, h := range q.Holders {
				require.False(t, seen[h.Namespace], "two jobs of %s", h.Namespace)
				seen[h.Namespace] = true
			}
			known := map[string]bool{}
			for _, p := range q.Parked {
				require.False(t, seen[p.Namespace], "two jobs of %s, one of them parked", p.Namespace)
				seen[p.Namespace] = true
				require.Negative(t, find(q.Holders, p))
				known[p.Job] = true
			}
			for _, w := range q.Waiting {
				require.True(t, len(q.Holders) >= q.Limit || seen[w.Namespace] && find(q.Parked, w) < 0, "%s could go", w.Job)
			}
			once := map[string]bool{}
			for _, r := range slices.Concat(q.Holders, q.Waiting) {
				require.True(t, alive[r.Job], "%s was taken out", r.Job)
				require.False(t, once[r.Job], "%s was doubled", r.Job)
				once[r.Job], known[r.Job] = true, true
			}
			require.Len(t, known, len(alive), "somebody was lost")
		}
	}
}
