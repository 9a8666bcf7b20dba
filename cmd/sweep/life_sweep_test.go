package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/faulty"
)

// sweepSoaks is the sweep over soaks.
func sweepSoaks(t *testing.T) {
	begun := time.Now()
	f := newFleet(t)
	blows, calls := sliced(), map[string][]callID{}
	if *whole || theOne.call != "" {
		calls = recordLives(t, f)
		blows = askedBlows(t, calls)
	}
	results := make([]livedResult, len(blows))
	var all sync.WaitGroup
	var done atomic.Int32
	for i, b := range blows {
		all.Go(func() {
			results[i] = f.lived(t, b)
			if n := done.Add(1); n%50 == 0 {
				t.Logf("%d of %d lives in %s", n, len(blows), time.Since(begun).Round(time.Second))
			}
		})
	}
	all.Wait()
	t.Log(reportLives(calls, results, time.Since(begun)))
	require.False(t, t.Failed(), "lives went wrong")
	missed := slices.DeleteFunc(slices.Clone(results), func(r livedResult) bool { return r.struck })
	require.LessOrEqual(t, 10*len(missed), len(results), "faults that did not strike")
}

type livedResult struct {
	*blow
	lived
	took time.Duration
	err  error
}

// lived makes a life with a fault, which has to strike. How often a soak looks in
// vain - whether the switch was, whether the namespace is free, what has changed -
// goes by the clock: there it may not come to the last calls that were recorded.
func (f *fleet) lived(t *testing.T, b blow) livedResult {
	begun := time.Now()
	var out lived
	var err error
	for range tries {
		if out, err = f.live(t.Context(), b.end, t.TempDir(), &b); err != nil || out.struck {
			break
		}
	}
	if err == nil && !out.struck && !looks(b.call) {
		err = errors.New("the fault did not strike")
	}
	if err != nil {
		t.Errorf("%s, in %s: %v\nagain: go test ./cmd/sweep -run TestSweep -count=1 -v -args %s", b.call, out.activity, err, b)
	}
	return livedResult{blow: &b, lived: out, took: time.Since(begun), err: err}
}

// looks reports whether a call is one of those that are made until something comes to pass.
func looks(c callID) bool {
	part, _, _ := strings.Cut(c.role, ":")
	if part == roleActivity {
		part = c.operation
	}
	return slices.Contains([]string{"AwaitSwitch", "AcquireLease", "KeepInStep"}, part)
}

// recordLives returns the calls of a life without faults, by its end: those that
// each of the recorded lives has made.
func recordLives(t *testing.T, f *fleet) map[string][]callID {
	t.Helper()
	calls := map[string][]callID{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, end := range ends {
		for range recordings {
			dir := t.TempDir()
			all.Go(func() {
				out, err := f.live(t.Context(), end, dir, nil)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("a life without faults that ends in a %s: %v", end, err)
					return
				}
				if former, ok := calls[end]; ok {
					out.calls = common(former, out.calls)
				}
				calls[end] = out.calls
			})
		}
	}
	all.Wait()
	require.False(t, t.Failed(), "without faults all is well")
	return calls
}

// common are the calls of both; one that failed by itself in either is one that does.
func common(a, b []callID) []callID {
	var both []callID
	for _, c := range a {
		if at := slices.IndexFunc(b, c.same); at >= 0 {
			c.fails = c.fails || b[at].fails
			both = append(both, c)
		}
	}
	return both
}

// askedBlows are the faults that the arguments ask for: one, or all of a kind.
func askedBlows(t *testing.T, calls map[string][]callID) []blow {
	t.Helper()
	if theOne.call != "" {
		at := slices.IndexFunc(calls[theOne.life], func(c callID) bool { return c.String() == theOne.call })
		require.GreaterOrEqual(t, at, 0, "no call %q: there are %v", theOne.call, calls[theOne.life])
		b := blow{end: theOne.life, call: calls[theOne.life][at], ailment: ailments[cmp.Or(theOne.with, "unavailable")]}
		require.Contains(t, []string{"unavailable", "unauthorized"}, b.name)
		if theOne.when == sides[faulty.After] {
			b.when = faulty.After
		}
		return []blow{b}
	}
	return slices.DeleteFunc(everyBlow(calls), func(b blow) bool { return theOne.with != "" && b.name != theOne.with })
}

// everyBlow fails each call on both sides with what passes, and one call of each
// operation with what does not. What both ends share is tried on the way to a rollback.
func everyBlow(calls map[string][]callID) []blow {
	var blows []blow
	for _, end := range ends {
		permanent := map[string]bool{}
		for _, c := range calls[end] {
			if end != rollback && slices.ContainsFunc(calls[rollback], func(o callID) bool { return o.operationName() == c.operationName() }) {
				continue
			}
			b := blow{end: end, call: c, ailment: ailments["unavailable"]}
			blows = append(blows, b)
			if !c.fails {
				b.when = faulty.After
				blows = append(blows, b)
			}
			if name := c.operationName(); c.role != roleActivity && !permanent[name] {
				permanent[name] = true
				b.ailment, b.when = ailments["unauthorized"], faulty.Before
				blows = append(blows, b)
			}
		}
	}
	return blows
}

// sliced strikes each activity of a soak once, without a look at what there is:
// the first call of an operation, in turn before and after its effect.
func sliced() []blow {
	var blows []blow
	for i, name := range []string{
		"AwaitSwitch:registry.Get", "ArmSoak:registry.Put", "activity.BeginSoak", "AcquireLease:registry.Put",
		"KeepInStep:source.ReadPage", "KeepInStep:generation.UpsertCurrent", "KeepInStepOnce:source.Changes", "KeepInStepOnce:source.Acknowledge",
		"VerifySegment:generation.ReadStamps", "FinishIndex:index.Finish", "CheckSwitch:registry.Get", "Switch:registry.Put",
		"EndSoak:registry.Delete", "DropFormer:index.Drop",
	} {
		b := blow{end: rollback, when: faulty.When(i % 2), ailment: ailments["unavailable"]}
		b.call.role, b.call.operation, _ = strings.Cut(name, ".")
		b.call.nth = 1
		switch b.call.role {
		case "DropFormer:index":
			b.end = retire
		case "CheckSwitch:registry":
			b.ailment = ailments["unauthorized"]
		}
		blows = append(blows, b)
	}
	return blows
}

// reportLives says how many calls there were, and how the lives ended, by activity.
func reportLives(calls map[string][]callID, results []livedResult, took time.Duration) string {
	var b strings.Builder
	for _, end := range slices.Sorted(maps.Keys(calls)) {
		fmt.Fprintf(&b, "\na soak that ends in a %s makes %d calls, of which %s fail by themselves", end, len(calls[end]),
			count(calls[end], func(c callID) bool { return c.fails }))
	}
	if len(results) == 0 {
		return b.String()
	}
	slowest := slices.MaxFunc(results, func(a, b livedResult) int { return cmp.Compare(a.took, b.took) })
	fmt.Fprintf(&b, "\n%d lives in %s, the slowest in %s: %s\n\n", len(results), took.Round(time.Second),
		slowest.took.Round(time.Second), slowest.blow)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line(w, []string{"role or activity", "lives", "ended at once", "refused, then ended", "not struck", "wrong"})
	byRole := map[string][]livedResult{"all": results}
	for _, r := range results {
		byRole[r.call.role] = append(byRole[r.call.role], r)
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		mine := byRole[role]
		line(w, []string{
			role, fmt.Sprint(len(mine)),
			count(mine, func(r livedResult) bool { return r.err == nil && !r.refused }),
			count(mine, func(r livedResult) bool { return r.err == nil && r.refused }),
			count(mine, func(r livedResult) bool { return !r.struck }),
			count(mine, func(r livedResult) bool { return r.err != nil }),
		})
	}
	_ = w.Flush()
	return b.String()
}
