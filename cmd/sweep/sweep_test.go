package sweep

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/workflows"
)

// The whole sweep, or one trial of it; without any, a slice.
var (
	whole  = flag.Bool("whole", false, "try each call, on each side of its effect")
	theOne struct {
		store, call, when, with string
		cancels                 bool
	}
)

func TestMain(m *testing.M) {
	flag.StringVar(&theOne.store, "store", "sqlite", "of the one trial: "+strings.Join(stores, ", "))
	flag.StringVar(&theOne.call, "call", "", "run one trial, of this call: ROLE.OPERATION/N")
	flag.StringVar(&theOne.when, "when", "before", "of the one trial: before, after")
	flag.StringVar(&theOne.with, "with", "unavailable", "of the one trial: unavailable, unauthorized, conflict, unknown, hang")
	flag.BoolVar(&theOne.cancels, "cancels", false, "of the one trial: cancel the job once the call hangs")
	m.Run()
}

// TestSweep is the sweep.
func TestSweep(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	f := newFleet(t)
	calls := record(t, f)
	strikes := asked(t, calls)
	results := make([]result, len(strikes))
	var all sync.WaitGroup
	var done atomic.Int32
	for i, s := range strikes {
		all.Go(func() {
			results[i] = f.result(t, s)
			if n := done.Add(1); n%50 == 0 {
				t.Logf("%d of %d trials in %s", n, len(strikes), time.Since(begun).Round(time.Second))
			}
		})
	}
	all.Wait()
	t.Log(report(calls, results, time.Since(begun)))
	require.False(t, t.Failed(), "trials went wrong")
	f.counted(t, results, len(stores)*recordings)
}

// result is a trial and how it ended.
type result struct {
	*strike
	outcome
	took time.Duration
	err  error
}

func (f *fleet) result(t *testing.T, s strike) result {
	begun := time.Now()
	var out outcome
	var err error
	for range tries {
		former := out.jobs
		out, err = f.try(t.Context(), s.store, t.TempDir(), &s)
		out.jobs = append(former, out.jobs...)
		if err != nil || out.struck {
			break
		}
	}
	if err == nil && !out.struck {
		err = fmt.Errorf("the fault did not strike; the job ended %s", out.first.State)
	}
	if err != nil {
		t.Errorf("%s, in %s: %v\nagain: go test ./cmd/sweep -run TestSweep -count=1 -v -args %s", s.call, out.activity, err, s)
	}
	return result{strike: &s, outcome: out, took: time.Since(begun), err: err}
}

// tries is how often a trial is made until its fault strikes. Which of two
// neighbouring reads finds nothing, and so has no answer to lose, is sometimes
// not the same as when they were recorded.
const tries = 4

// recordings is how often the job runs without faults on each kind of store: its
// calls are the same each time, or a number would not name one.
const recordings = 2

// record returns the calls of a job without faults, by kind of store.
func record(t *testing.T, f *fleet) map[string][]callID {
	t.Helper()
	calls := map[string][]callID{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, store := range stores {
		for range recordings {
			dir := t.TempDir()
			all.Go(func() {
				out, err := f.try(t.Context(), store, dir, nil)
				slices.SortFunc(out.calls, callID.compare)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("a job without faults on %s: %v", store, err)
					return
				}
				former, ok := calls[store]
				if ok && !slices.EqualFunc(former, out.calls, callID.same) {
					t.Errorf("two jobs on %s made other calls: %s", store, difference(former, out.calls))
					return
				}
				for i := range former { // what may succeed is tried as such
					out.calls[i].fails = out.calls[i].fails && former[i].fails
				}
				calls[store] = out.calls
			})
		}
	}
	all.Wait()
	require.False(t, t.Failed(), "without faults all is well, and the same each time")
	return calls
}

func (c callID) same(o callID) bool { return c.compare(o) == 0 }

func (c callID) compare(o callID) int {
	if n := strings.Compare(c.operationName(), o.operationName()); n != 0 {
		return n
	}
	return c.nth - o.nth
}

func difference(a, b []callID) string {
	var out []string
	for _, c := range a {
		if !slices.ContainsFunc(b, c.same) {
			out = append(out, "-"+c.String())
		}
	}
	for _, c := range b {
		if !slices.ContainsFunc(a, c.same) {
			out = append(out, "+"+c.String())
		}
	}
	return strings.Join(out, " ")
}

// asked are the trials that the arguments ask for.
func asked(t *testing.T, calls map[string][]callID) []strike {
	t.Helper()
	switch {
	case theOne.call != "":
		return []strike{one(t, calls)}
	case *whole:
		return everyCall(calls)
	}
	return slice(calls)
}

func one(t *testing.T, calls map[string][]callID) strike {
	t.Helper()
	s := strike{store: theOne.store, cancels: theOne.cancels, when: faulty.Before}
	at := slices.IndexFunc(calls[s.store], func(c callID) bool { return c.String() == theOne.call })
	require.GreaterOrEqual(t, at, 0, "no call %q on %s: there are %v", theOne.call, s.store, calls[s.store])
	s.call = calls[s.store][at]
	require.Contains(t, slices.Collect(maps.Values(sides)), theOne.when)
	if theOne.when == sides[faulty.After] {
		s.when = faulty.After
	}
	require.Contains(t, ailments, theOne.with)
	s.ailment = ailments[theOne.with]
	return s
}

// The errors that are rotated over the calls, and how many calls are hung of which one is.
var rotated = []string{"unauthorized", "conflict", "unknown"}

const hungEvery = 8

// everyCall tries each call on both sides with what passes, on one side with
// what does not, and some with a call that hangs; a call that fails by itself
// before its effect only, as it has none. The sides are tried on
// different stores, this way and that way round.
func everyCall(calls map[string][]callID) []strike {
	var strikes []strike
	add := func(turn int, s strike) {
		if s.call.fails && s.when == faulty.After {
			return
		}
		if s.store = stores[turn%2]; !slices.ContainsFunc(calls[s.store], s.call.same) {
			s.store = stores[(turn+1)%2]
		}
		strikes = append(strikes, s)
	}
	for i, c := range union(calls) {
		s := strike{call: c, ailment: ailments["unavailable"]}
		for _, s.when = range []faulty.When{faulty.Before, faulty.After} {
			add(i+int(s.when), s)
		}
		if c.role != roleActivity {
			s.ailment, s.when = ailments[rotated[i%3]], faulty.When(i/3%2)
			if s.honest(); s.call.fails && s.when == faulty.After {
				s.when = faulty.Before
			}
			add(i/6, s)
		}
		if i%hungEvery == 0 {
			s.ailment, s.when, s.cancels = ailments["hang"], faulty.When(i/hungEvery%2), i/hungEvery%4 < 3
			add(i/hungEvery/2, s)
		}
	}
	return strikes
}

// honest has a compare-and-swap lose only against what it did itself, as happens
// where a driver asks again for an answer that was lost: no store says of a
// record that is not there that somebody else was first.
func (s *strike) honest() {
	if s.name == "conflict" && (s.call.operation == "Put" || s.call.operation == "Delete") {
		s.when = faulty.After
	}
}

// union are the calls of all stores, in order.
func union(calls map[string][]callID) []callID {
	var all []callID
	for _, store := range stores {
		all = append(all, calls[store]...)
	}
	slices.SortFunc(all, callID.compare)
	return slices.CompactFunc(all, callID.same)
}

// slice takes one call of each operation of all roles, now on this store and
// side and now on that, with the one or the other error.
func slice(calls map[string][]callID) []strike {
	byName := map[string][]callID{}
	for _, c := range union(calls) {
		byName[c.operationName()] = append(byName[c.operationName()], c)
	}
	var strikes []strike
	for i, name := range slices.Sorted(maps.Keys(byName)) {
		of := byName[name]
		s := strike{store: stores[i%2], call: of[(7*i+3)%len(of)], when: faulty.When(i / 2 % 2), ailment: ailments["unavailable"]}
		if s.call.fails {
			s.when = faulty.Before
		}
		if i%3 == 2 && s.call.role != roleActivity {
			s.ailment = ailments[rotated[i/3%len(rotated)]]
			s.honest()
		}
		if !slices.ContainsFunc(calls[s.store], s.call.same) {
			s.store = stores[(i+1)%2]
		}
		strikes = append(strikes, s)
	}
	return strikes
}

// counted holds the metrics against what happened: each job is counted once.
func (f *fleet) counted(t *testing.T, results []result, completed int) {
	t.Helper()
	want := map[string]int{string(workflows.Completed): completed}
	for _, r := range results {
		for _, s := range r.jobs {
			want[string(s.State)]++
		}
	}
	f.observer.mu.Lock()
	defer f.observer.mu.Unlock()
	require.Equal(t, want, f.observer.ended, "jobs that the metrics count")
}
