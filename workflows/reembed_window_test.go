package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// inWindow gives the job a window that opens after so long, for so long, and then
// every twenty minutes.
func (s *stage) inWindow(opens, open time.Duration) {
	s.job.CutoverWindow = "02:00-04:00 UTC"
	var first time.Time
	s.opening = func(at time.Time) activities.Opening {
		if first.IsZero() {
			first = at.Add(opens)
		}
		o := activities.Opening{Opens: first, Closes: first.Add(open)}
		for !o.Closes.After(at) {
			o.Opens, o.Closes = o.Opens.Add(20*time.Minute), o.Closes.Add(20*time.Minute)
		}
		return o
	}
}

// TestJobWaitsForItsWindow guards jobs that may switch at night only.
func TestJobWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Timeout = time.Minute
	s.inWindow(5*time.Minute, 10*time.Minute)
	s.after(4*time.Minute, func() {
		s.standsBy("waits until its window 02:00-04:00 UTC opens, at " + s.windows[0].At.Add(5*time.Minute).UTC().Format(time.RFC3339))
		require.Equal(t, 1, s.called("park"))
	})
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.InDelta(t, 300, status.FinishedAt.Sub(status.StartedAt).Seconds(), 2)
	require.Len(t, s.windows, 1, "an opening is asked for once")
	require.Equal(t, 2, s.called("AcquireSlot"))
}

// TestOpenWindow guards a job that comes in time: it gives nothing back.
func TestOpenWindow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.inWindow(-time.Minute, time.Hour)
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Zero(t, s.called("park"))
	require.Equal(t, 1, s.called("AcquireSlot"))
}

// TestWindowClosesBeforeTheSwitch guards the end of the window against all that
// takes its time: checks that are tried again, a slot that does not come, a
// verification that was too old.
func TestWindowClosesBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	slow := func(name string, from, to int) func(*stage) {
		return func(s *stage) {
			s.before[name] = func(n int) error { // from 1 s on, doubled
				if n >= from && n <= to {
					return passing(activities.CodeUnavailable)
				}
				return nil
			}
		}
	}
	for name, set := range map[string]func(*stage){
		"conditions": slow("CheckSwitch", 1, 7),
		"a verification": func(s *stage) {
			s.job.MaxVerifyAge = time.Minute
			slow("SplitPass verify-forward", 2, 8)(s)
		},
		"no slot": func(s *stage) {
			s.onCall = func(called string, n int) {
				switch called {
				case "park":
					s.noGrant = true
				case "withdraw":
					s.noGrant = false
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.narrow()
			s.inWindow(5*time.Minute, time.Minute)
			set(s)
			s.after(15*time.Minute, func() { s.standsBy("waits until its window 02:00-04:00 UTC opens") })
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			require.InDelta(t, 25, status.FinishedAt.Sub(status.StartedAt).Minutes(), 1, "in the next opening")
			require.Len(t, s.windows, 2)
			require.Equal(t, 1, s.called("Switch"))
		})
	}
}

// TestManualInAWindow guards jobs that need both: a person's word, and the time.
func TestManualInAWindow(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.inWindow(5*time.Minute, 10*time.Minute)
	s.after(50*time.Second, func() { s.standsBy("reembed cutover") })
	s.tellAfter(time.Minute, "ops")
	s.after(4*time.Minute, func() { s.standsBy("waits until its window") })
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.InDelta(t, 6, status.FinishedAt.Sub(status.StartedAt).Minutes(), 0.1, "the window is looked at when the word is there")
}

// TestGrantThatComesTooLate guards the gate's slots: a job that took its request
// back, and is granted a slot all the same, gives it back.
func TestGrantThatComesTooLate(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.narrow()
	s.inWindow(time.Minute, time.Minute)
	s.onCall = func(called string, n int) {
		switch called {
		case "park":
			s.noGrant = n == 1
		case "withdraw":
			s.after(10*time.Minute, func() { s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "nonce/1"}) })
		}
	}
	s.after(15*time.Minute, func() {
		require.Len(t, s.parked, 2)
		require.Equal(t, []string{"nonce", "nonce/1"}, []string{s.parked[0].Nonce, s.parked[1].Nonce})
		s.standsBy("waits until its window")
		s.noGrant = false
	})
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 1, s.called("withdraw"))
	require.Len(t, s.parked, 2)
}

// TestVetoIsAskedAgain guards the veto hook: the job stays ready, without a slot
// and with its clock standing, says why, and asks again in growing pauses.
func TestVetoIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.narrow()
	s.job.Timeout, s.job.MaxVerifyAge = time.Minute, 24*time.Hour
	var asked []time.Time
	s.before["CheckSwitch"] = func(n int) error {
		asked = append(asked, s.env.Now())
		if n <= 7 {
			return hopeless(activities.CodeVetoed, "vetoed: the veto hook says: not on a Friday")
		}
		return nil
	}
	s.after(20*time.Second, func() {
		s.standsBy("vetoed: the veto hook says: not on a Friday; asks again at ")
		require.Equal(t, 1, s.called("park"))
	})
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Empty(t, status.Reason)
	require.Equal(t, 7, s.called("park"))
	require.Equal(t, 8, s.called("AcquireSlot"))
	var pauses []float64
	for i := range asked[1:] {
		pauses = append(pauses, asked[i+1].Sub(asked[i]).Round(time.Second).Seconds())
	}
	require.Equal(t, []float64{30, 60, 120, 240, 480, 600, 600}, pauses)
}

// TestVetoOfAManualJob guards a person's word: it need not be said again.
func TestVetoOfAManualJob(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.before["CheckSwitch"] = func(n int) error {
		if n == 1 {
			return hopeless(activities.CodeVetoed, "vetoed: no")
		}
		return nil
	}
	s.tellAfter(time.Minute, "ops")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, "ops", status.Cutover.By)
	require.InDelta(t, 90, status.FinishedAt.Sub(status.StartedAt).Seconds(), 2)
}
