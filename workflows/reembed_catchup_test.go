package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/workflows"
)

// captured is a stage whose source tells what changed.
func captured(t *testing.T, deletes bool) *stage {
	t.Helper()
	s := newStage(t)
	s.capture = &activities.Capturing{Kind: backends.CaptureJournal, Deletes: deletes}
	return s
}

// slow has each segment of a changed pass take as long on the test's clock.
func (s *stage) slow(took time.Duration) {
	s.changedTakes = func(int) time.Duration { return took }
}

func TestPassesUntilFewEnoughChanged(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.dirty = []int64{3000, 900, 300, 10} // ten are few enough
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, 4, s.passes)
}

// TestBoundGoesByWhatAPassSaw guards jobs in the middle of a deploy, which an older
// worker brought on by that: of how many items a store tells beforehand is an
// estimate, and another one each time.
func TestBoundGoesByWhatAPassSaw(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.ranges = map[activities.Task]int{activities.SyncForward: 20} // of a thousand items each; three thousand were told
	s.dirty = []int64{3000, 1}                                     // in each range
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 2, s.passes, "one in a thousand")
	require.Equal(t, 1, s.looks)
}

// TestCatchUpCostsWhatChanged guards the cost: no pass over everything between the
// copy and verification, and what changed while that ran is synced before the switch.
func TestCatchUpCostsWhatChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deletes bool
		between []string // behind the copy, and again before the switch
	}{
		"a journal": {true, []string{"SplitPass sync-changed", "changed"}},
		"a time of the last change": {false, []string{
			"SplitPass sync-changed", "changed", "SplitPass sync-backward", "SyncSegment", "SyncSegment", "SyncSegment",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := captured(t, c.deletes)
			s.fresh = true
			s.changed = []int64{7}
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			want := []string{
				"Resolve", "AcquireSlot", "AcquireLease", "Resolve", "Plan", "Prepare",
				"SplitPass sync-forward", "SyncSegment", "SyncSegment", "SyncSegment",
			}
			want = append(want, c.between...)
			want = append(want, "FinishIndex",
				"SplitPass verify-forward", "VerifySegment", "VerifySegment", "VerifySegment",
				"SplitPass verify-backward", "VerifySegment", "VerifySegment", "VerifySegment", "VerifySamples")
			want = append(want, c.between...)
			want = append(want, "CheckSwitch", "Switch", "RecordOutcome", "Unsubscribe", "ReleaseLease")
			require.Equal(t, want, s.calls)
			require.EqualValues(t, 3007, status.Progress.Totals.Written)
			require.Nil(t, status.Progress.NonConverging)
		})
	}
}

// TestProgressOfAChangedPass guards the numbers: what waits is the whole of it.
func TestProgressOfAChangedPass(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.changed = []int64{120, 2}
	var seen workflows.Status
	s.before["FinishIndex"] = func(int) error { seen = s.query(); return nil }
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.EqualValues(t, 2, seen.Progress.ItemsTotal)
	require.EqualValues(t, 2, seen.Progress.ItemsDone)
	require.Equal(t, 1, seen.Progress.RangesTotal)
}

// TestLostChanges guards against what the source forgot: the job subscribes anew,
// makes a pass over everything, says so, and goes on by changes.
func TestLostChanges(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"SplitPass sync-changed", "changed"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := captured(t, true)
			s.before[at] = func(n int) error {
				if n == 1 {
					return hopeless(activities.CodeChangesLost, "changes lost: too many")
				}
				return nil
			}
			s.dirty = []int64{3000, 400, 0}
			s.changed = []int64{3}
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			require.Equal(t, 1, s.called("Subscribe"))
			require.Equal(t, 2, s.called("SplitPass sync-forward"), "the copy, and what was lost")
			require.Equal(t, 2, s.called("SplitPass sync-backward"))
			require.Len(t, status.Warnings, 1)
			require.Contains(t, status.Warnings[0], "lost changes")
			require.Contains(t, status.Warnings[0], "too many")
			require.Empty(t, status.LastError, "it is over")
		})
	}
}

// TestChangesAreLostAgainAndAgain guards a journal that is too small: the job
// converges by passes over everything.
func TestChangesAreLostAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.before["changed"] = func(int) error { return hopeless(activities.CodeChangesLost, "changes lost") }
	s.dirty = []int64{3000, 400, 30}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Len(t, status.Warnings, 1, "said once")
}

// TestSubscribingAnewFails guards the reason of a job that can't go on.
func TestSubscribingAnewFails(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.before["changed"] = func(int) error { return hopeless(activities.CodeChangesLost, "changes lost") }
	s.before["Subscribe"] = func(int) error { return hopeless(activities.CodeUnauthorized, "no triggers for you") }
	status := s.play()
	require.Equal(t, activities.CodeUnauthorized, status.ErrorCode)
	require.Equal(t, 1, s.called("Unsubscribe"))
}

// TestCaptureThatIsNoMore guards workers whose catalog has no capture
// any more: passes over everything do.
func TestCaptureThatIsNoMore(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.before["SplitPass sync-changed"] = func(int) error {
		s.capture = nil
		return hopeless(activities.CodeChangesLost, "the source tells no changes any more")
	}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 1, s.called("SplitPass sync-changed"))
	require.Zero(t, s.called("Unsubscribe"))
}

// TestNonConverging guards jobs below writers that are faster than they: such a job
// goes on, shows both rates, pauses, does not switch, and recovers by itself.
func TestNonConverging(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.slow(8 * time.Second)
	busy := true
	s.changedFinds = func(n int) int64 {
		if busy {
			return 400
		}
		return 2
	}
	var shown []workflows.Status
	s.env.RegisterDelayedCallback(func() {
		shown = append(shown, s.query())
	}, 10*time.Minute)
	s.env.RegisterDelayedCallback(func() {
		shown = append(shown, s.query())
		busy = false
	}, time.Hour)
	s.job.Timeout = 2 * time.Hour
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Nil(t, status.Progress.NonConverging, "it has recovered")
	require.Len(t, shown, 2)
	for _, at := range shown {
		require.Equal(t, workflows.CatchingUp, at.Phase)
		lag := at.Progress.NonConverging
		require.NotNil(t, lag)
		require.EqualValues(t, 400, lag.Changes)
		require.EqualValues(t, 10, lag.Bound)
		require.InDelta(t, 50, lag.Synced, 5, "400 in eight seconds")
		require.Greater(t, lag.Arriving, 15.0)
		require.Contains(t, lag.String(), "changes/s arrive")
	}
	require.Equal(t, shown[0].Progress.NonConverging.Since, shown[1].Progress.NonConverging.Since)
	passes := s.called("SplitPass sync-changed")
	require.Greater(t, passes, 100)
	require.Less(t, passes, 350, "it pauses")
}

// TestNonConvergingTimesOut guards the job's clock: it goes on while passes do.
func TestNonConvergingTimesOut(t *testing.T) {
	t.Parallel()
	for _, capture := range []bool{true, false} {
		s := newStage(t)
		if capture {
			s = captured(t, true)
		}
		s.slow(8 * time.Second)
		s.changedFinds = func(int) int64 { return 400 }
		s.dirtyAlways = 400
		s.job.Timeout = 3 * time.Minute
		status := s.play()
		require.Equal(t, activities.CodeTimeout, status.ErrorCode, status.Reason)
		require.NotNil(t, status.Progress.NonConverging)
		require.Zero(t, s.called("Switch"))
	}
}

// TestBriskWritersAreNoHindrance guards small namespaces: each pass finds more than
// the bound, but follows within a moment.
func TestBriskWritersAreNoHindrance(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.slow(time.Second)
	s.changedFinds = func(int) int64 { return 40 }
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Less(t, s.called("SplitPass sync-changed"), 10)
}

// TestBacklogIsNotNonConverging guards the difference to a backlog: one that shrinks is none.
func TestBacklogIsNotNonConverging(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.slow(8 * time.Second)
	s.changed = []int64{9000, 4000, 1500, 600, 200, 5}
	s.before["SplitPass sync-changed"] = func(int) error {
		require.Nil(t, s.query().Progress.NonConverging)
		return nil
	}
	require.Equal(t, workflows.Completed, s.play().State)
}

// TestCancelWhileCatchingUp guards each step of it: the consumer is let go.
func TestCancelWhileCatchingUp(t *testing.T) {
	t.Parallel()
	for _, at := range []moment{{"SplitPass sync-changed", 1}, {"changed", 1}, {"changed", 4}, {"Subscribe", 1}} {
		for _, native := range []bool{true, false} {
			s := captured(t, true)
			s.slow(8 * time.Second)
			s.changedFinds = func(int) int64 { return 400 }
			if at.name == "Subscribe" {
				s.before["changed"] = func(int) error { return hopeless(activities.CodeChangesLost, "changes lost") }
			}
			s.cancelAt(at.name, at.n, native)
			status := s.play()
			require.Equal(t, workflows.Cancelled, status.State, "%v: %s", at, status.Reason)
			require.Equal(t, 1, s.called("Unsubscribe"), "%v", at)
			require.Zero(t, s.called("Switch"))
		}
	}
}

// TestCancelInThePause guards the pause of a job that does not converge.
func TestCancelInThePause(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.slow(8 * time.Second)
	s.changedFinds = func(int) int64 { return 400 }
	for at := 5 * time.Minute; at < 6*time.Minute; at += 7 * time.Second { // one of them hits it
		s.env.RegisterDelayedCallback(func() {
			if len(s.query().Progress.OpenRanges) == 0 {
				s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "enough"})
			}
		}, at)
	}
	status := s.play()
	require.Equal(t, workflows.Cancelled, status.State)
	require.Equal(t, "enough", status.Reason)
}

// TestSoakKeepsTheConsumer guards what is written between the job's end and the
// soak's first look.
func TestSoakKeepsTheConsumer(t *testing.T) {
	t.Parallel()
	s := captured(t, true)
	s.soakable()
	require.Equal(t, workflows.Completed, s.play().State)
	require.Zero(t, s.called("Unsubscribe"))

	s = captured(t, true)
	s.before["Unsubscribe"] = func(int) error { return hopeless(activities.CodeUnavailable, "down") }
	require.Equal(t, workflows.Completed, s.play().State, "what can't be let go hinders nobody")
	require.Equal(t, 1, s.called("Unsubscribe"))
}
