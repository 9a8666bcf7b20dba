package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// TestJobWaitsForAPerson guards the whole of a manual cut-over: the slot goes back
// and is taken again, the clock stands, the shadow is kept fresh, and what the
// verification said too long ago is said anew.
func TestJobWaitsForAPerson(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.Timeout, s.job.MaxVerifyAge = time.Minute, 2*time.Minute
	asked := s.asked()
	_, slots := s.memos()
	var passes int
	s.after(4*time.Minute, func() {
		s.standsBy("reembed cutover default-test-workflow-id")
		require.Len(t, s.parked, 1)
		passes = s.passes
		require.InDelta(t, 2+24, passes, 2, "once in ten seconds, as they take no time at all")
		require.Zero(t, s.called("CheckSwitch"))
	})
	told := s.tellAfter(4*time.Minute+5*time.Second, "ops")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.True(t, told.done)
	require.Equal(t, "ops", told.order.By)
	require.Equal(t, &told.order, status.Cutover)
	require.Equal(t, 2, s.looks, "the first verification is too old by then")
	require.Equal(t, 1, s.called("CheckSwitch"))
	require.Less(t, status.RunningSince.Sub(status.StartedAt), time.Second, "when it first ran")

	require.Len(t, *asked, 2)
	first, second := (*asked)[0], (*asked)[1]
	require.False(t, first.Parked)
	require.True(t, second.Parked)
	require.Equal(t, 1, second.Turn)
	require.False(t, second.Held)
	require.Equal(t, first.StartedAt, second.StartedAt, "it keeps its place in the queue")
	require.Equal(t, "nonce", s.parked[0].Nonce, "it is this slot that is given back")
	states := []string{}
	for _, m := range *slots {
		states = append(states, m.State)
	}
	require.Equal(t, []string{
		activities.SlotWaiting, activities.SlotHeld, activities.SlotParked, activities.SlotWaiting, activities.SlotHeld,
	}, states)
	require.True(t, (*slots)[3].Request.Parked, "a gate that recovers must not give its namespace away")
	require.False(t, (*slots)[4].Request.Parked)
	require.Equal(t, "nonce/1", (*slots)[4].Request.Nonce)
}

// TestYoungVerificationIsNotRepeated guards a switch in the right moment against
// another look at everything.
func TestYoungVerificationIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.MaxVerifyAge = time.Hour
	s.tellAfter(time.Minute, "")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 1, s.looks)
}

// TestLateWriteOfAWaitIsVerified guards the switch against a worker that was lost
// while it kept the shadow fresh: what it wrote may land behind the verification.
func TestLateWriteOfAWaitIsVerified(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.MaxVerifyAge = time.Hour
	s.late = []time.Duration{0, 0, 30 * time.Second}
	s.tellAfter(5*time.Second, "")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 2, s.looks)
	require.GreaterOrEqual(t, status.FinishedAt.Sub(status.StartedAt), 30*time.Second)
}

// TestNothingIsSwitchedWhileTooMuchIsDirty guards the bound also behind a wait.
func TestNothingIsSwitchedWhileTooMuchIsDirty(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.dirty = []int64{3000, 0, 500, 400, 300}
	s.tellAfter(5*time.Second, "") // the third pass is over, and found 500
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 6, s.passes)
	require.Equal(t, []string{"SplitPass sync-forward", "SyncSegment"}, s.calls[len(s.calls)-12:len(s.calls)-10], "one pass that finds nothing")
}

// TestFindingsBehindAWaitAreSynced guards the way from ready back to catching up,
// on which the rounds of the first verifications do not count.
func TestFindingsBehindAWaitAreSynced(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.MaxVerifyAge = time.Minute
	stale := func(id string) workflows.Verification { return finding(verify.Stale, id) }
	s.reports = []workflows.Verification{stale("a"), stale("b"), stale("b"), stale("e")}
	s.tellAfter(2*time.Minute, "")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 4, s.looks)
	require.Equal(t, 2, s.called("VerifyAgain"))
}

// TestCancelWhileItWaits guards both ways to cancel a job that waits for people,
// and one that was told and waits for a slot again.
func TestCancelWhileItWaits(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"for a person": false, "for a slot": true} {
		for way, stop := range stops {
			if way == "timeout" {
				continue // it does not run
			}
			t.Run(name+", by "+way, func(t *testing.T) {
				t.Parallel()
				s := newManual(t)
				s.onCall = func(called string, _ int) { s.noGrant = s.noGrant || called == "park" }
				if told {
					s.tellAfter(time.Minute, "")
				}
				s.after(90*time.Second, func() { stop.stop(s) })
				status := s.play()
				require.Equal(t, workflows.Cancelled, status.State, status.Reason)
				require.Equal(t, workflows.Ready, status.Phase)
				require.Equal(t, 1, s.called("ReleaseLease"))
				require.Zero(t, s.called("Switch"))
				require.Equal(t, told, s.called("withdraw") == 1)
			})
		}
	}
}

// TestClockRunsOnBehindAWait guards the timeout of a job that has its slot again:
// it has the time that was left, and not what it waited.
func TestClockRunsOnBehindAWait(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.Timeout = time.Minute
	s.before["FinishIndex"] = func(n int) error { // 1+2+4+8+16 s
		if n <= 5 {
			return passing(activities.CodeUnavailable)
		}
		return nil
	}
	s.before["CheckSwitch"] = func(int) error { return passing(activities.CodeUnavailable) }
	s.tellAfter(10*time.Minute, "")
	status := s.play()
	require.Equal(t, activities.CodeTimeout, status.ErrorCode, status.Reason)
	require.Equal(t, workflows.Ready, status.Phase)
	require.WithinDuration(t, status.StartedAt.Add(10*time.Minute+29*time.Second), *status.FinishedAt, 2*time.Second)
}

// TestLeaseLostWhileItWaits guards a namespace that was taken over meanwhile: the
// job begins anew, as one that has nothing, and has to be told again.
func TestLeaseLostWhileItWaits(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	asked := s.asked()
	s.tellAfter(15*time.Second, "ops")
	s.before["CheckSwitch"] = func(n int) error {
		if n == 1 {
			return hopeless(activities.CodeLeaseLost, "taken over")
		}
		return nil
	}
	s.before["SplitPass sync-backward"] = func(n int) error {
		if n == 9 { // of a pass of the second wait
			return hopeless(activities.CodeLeaseLost, "taken over again")
		}
		return nil
	}
	s.after(5*time.Minute, func() {
		s.standsBy("reembed cutover")
		require.Nil(t, s.query().Cutover)
	})
	s.tellAfter(5*time.Minute+time.Second, "dev")
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, "dev", status.Cutover.By)
	require.Equal(t, 3, s.called("AcquireLease"))
	require.False(t, (*asked)[len(*asked)-2].Parked, "what was lost is not its own")
}

// TestWhatChangedIsSyncedBeforeTheSwitch guards readers against a switch that
// brings them back to before the verification, or before a person's word: where the
// source tells what changed, one more pass is cheap.
func TestWhatChangedIsSyncedBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*stage){
		"behind a long verification": func(s *stage) {
			s.before["SplitPass verify-backward"] = func(n int) error {
				if n <= 4 { // 1+2+4+8 s
					return passing(activities.CodeUnavailable)
				}
				return nil
			}
		},
		"behind a person's word": func(s *stage) {
			s.job.Cutover = activities.CutoverManual
			s.tellAfter(5*time.Second, "ops") // the last pass was a moment ago
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.capture = &activities.Capturing{Deletes: true}
			set(s)
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			passes := s.called("SplitPass sync-changed")
			require.Equal(t, "SplitPass sync-changed", s.calls[slices.Index(s.calls, "CheckSwitch")-2], "%v", s.calls)
			require.GreaterOrEqual(t, passes, 2)
			require.Equal(t, 1, s.looks)
		})
	}
}
