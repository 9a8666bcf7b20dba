package sweep

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// The whole sweep, or one trial of it; without any, a slice.
var (
	whole  = flag.Bool("whole", false, "try each call, on each side of its effect")
	theOne struct {
		store, life, call, when, with string
		cancels                       bool
	}
)

func TestMain(m *testing.M) {
	flag.StringVar(&theOne.store, "store", "sqlite", "of the one trial: "+strings.Join(stores, ", "))
	flag.StringVar(&theOne.life, "life", "", "of the one trial, where it is one of a soak: "+strings.Join(ends, ", "))
	flag.StringVar(&theOne.call, "call", "", "run one trial, of this call: ROLE.OPERATION/N")
	flag.StringVar(&theOne.when, "when", "before", "of the one trial: before, after")
	flag.StringVar(&theOne.with, "with", "", "of the one trial, or of the whole sweep only those: unavailable, unauthorized, conflict, unknown, hang, cancel, terminate")
	flag.BoolVar(&theOne.cancels, "cancels", false, "of the one trial: cancel the job once the call hangs")
	m.Run()
}

// TestSweep is the sweep, over jobs and over soaks.
func TestSweep(t *testing.T) {
	t.Parallel()
	for name, sweep := range map[string]func(*testing.T){"jobs": sweepJobs, "soaks": sweepSoaks} {
		if theOne.call != "" && (name == "soaks") != (theOne.life != "") {
			continue // the one trial is the other's
		}
		t.Run(name, func(t *testing.T) {
			if !*whole { // which has enough at once by itself
				t.Parallel()
			}
			sweep(t)
		})
	}
}

func sweepJobs(t *testing.T) {
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
	if err == nil && !out.struck && !out.barren {
		err = fmt.Errorf("the fault did not strike; the job ended %s", out.first.State)
	}
	if err != nil {
		t.Errorf("%s, in %s: %v\nagain: go test ./cmd/sweep -run TestSweep -count=1 -v -args %s", s.call, out.activity, err, s)
	}
	return result{strike: &s, outcome: out, took: time.Since(begun), err: err}
}

// tries is how often a trial is made until its fault strikes. Which of two
// neighbouring reads finds nothing, and so has no answer to lose, is sometimes
// not the same as when they were recorded; that one is reported as not struck.
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

// counted holds the metrics against what happened: each job is counted once, and
// none holds a slot.
func (f *fleet) counted(t *testing.T, results []result, completed int) {
	t.Helper()
	want := map[string]int{string(workflows.Completed): completed}
	for _, r := range results {
		for _, s := range r.jobs {
			switch {
			case s.ErrorCode != starter.CodeTerminated:
				want[string(s.State)]++
			case r.recorded != "": // it was terminated so late that it had ended
				want[r.recorded]++
			}
		}
	}
	require.Eventually(t, func() bool {
		gate, err := f.client.Gate(t.Context())
		return err == nil && len(gate.Holders) == 0 && len(gate.Waiting) == 0
	}, patience, 100*time.Millisecond, "the gate believes that jobs run")
	f.observer.mu.Lock()
	defer f.observer.mu.Unlock()
	require.Equal(t, want, f.observer.ended, "jobs that the metrics count")
}
