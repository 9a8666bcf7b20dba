package sweep

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/faulty"
)

// asked are the trials that the arguments ask for.
func asked(t *testing.T, calls map[string][]callID) []strike {
	t.Helper()
	if theOne.with != "" {
		require.Contains(t, ailments, theOne.with)
	}
	switch {
	case theOne.call != "":
		return []strike{one(t, calls)}
	case *whole:
		return slices.DeleteFunc(everyCall(calls), func(s strike) bool { return theOne.with != "" && s.name != theOne.with })
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
	s.ailment = ailments[cmp.Or(theOne.with, "unavailable")]
	return s
}

// rotated are the errors of which each call gets one, endings what befalls one
// call of four.
var (
	rotated = []string{"unauthorized", "conflict", "unknown"}
	endings = []string{"hang", "cancel", "hang", "terminate"}
)

// everyCall tries each call on both sides with what passes, on one side with
// what does not, and ends some jobs while the call hangs or goes on; a call that fails by itself
// before its effect only, as it has none. The sides are tried on
// different stores, this way and that way round.
func everyCall(calls map[string][]callID) []strike {
	var strikes []strike
	add := func(turn int, s strike) {
		if s.placed(calls, turn) {
			strikes = append(strikes, s)
		}
	}
	for i, c := range union(calls) {
		s := strike{call: c, ailment: ailments["unavailable"]}
		for _, s.when = range []faulty.When{faulty.Before, faulty.After} {
			add(i+int(s.when), s)
		}
		if c.role != roleActivity {
			s.ailment, s.when = ailments[rotated[i%3]], faulty.When(i/3%2)
			s.honest()
			add(i/6, s)
		}
		if i%4 == 0 {
			n := i / 4
			s.ailment, s.when = ailments[endings[n%4]], faulty.When(n/4%2)
			s.cancels = s.hangs && n%8 < 5
			add(n/8, s)
		}
	}
	return strikes
}

// placed finds a store for the strike, from one that the turn says on: false
// where jobs on none make that call, or it never has an effect to come after.
func (s *strike) placed(calls map[string][]callID, turn int) bool {
	for n := range stores {
		s.store = stores[(turn+n)%len(stores)]
		at := slices.IndexFunc(calls[s.store], s.call.same)
		if at >= 0 && (s.when == faulty.Before || !calls[s.store][at].fails) {
			return true
		}
	}
	return false
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
		s := strike{call: of[(7*i+3)%len(of)], when: faulty.When(i / 2 % 2), ailment: ailments["unavailable"]}
		if i%3 == 2 && s.call.role != roleActivity {
			s.ailment = ailments[rotated[i/3%len(rotated)]]
			s.honest()
		}
		if !s.placed(calls, i) {
			s.when = faulty.Before
			s.placed(calls, i)
		}
		strikes = append(strikes, s)
	}
	return strikes
}
