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

// TestSoakEndsWithItsWindow guards the life of a soak that nobody touches: it
// takes the namespace behind the switch, keeps both in step, and gives all back.
func TestSoakEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	var during workflows.SoakStatus
	s.env.RegisterDelayedCallback(func() { during = s.query() }, time.Hour)
	status := s.play()
	require.Equal(t, workflows.SoakEnded, status.Phase)
	require.Equal(t, "the window is over", status.Reason)
	require.Equal(t, []string{"AwaitSwitch", "AcquireLease", "BeginSoak"}, s.calls[:3])
	require.Equal(t, 8, s.called("KeepInStep"), "a quarter of an hour each")
	require.Equal(t, 1, s.called("EndSoak"))
	require.EqualValues(t, 7, s.ended[0].Epoch)
	require.True(t, s.ended[0].Switched)
	require.Zero(t, s.called("DropFormer"))
	require.Zero(t, s.called("Switch"))

	require.Equal(t, workflows.SoakSoaking, during.Phase)
	require.Equal(t, "loses nothing", during.Rollback)
	require.Equal(t, 2*time.Hour, during.Until.Sub(*during.Since))
	require.NotNil(t, during.Standby.SyncedAt)
	require.EqualValues(t, 2, during.Active.Generation)
	require.EqualValues(t, 1, during.Standby.Generation)
	require.True(t, s.steps[0].Standby.Step.Full, "the first sync behind the switch is a full one, for the former generation too")
	require.True(t, s.steps[0].Active.Step.Full)
	require.EqualValues(t, 7, s.steps[0].Standby.Job.Epoch, "fenced by the soak's own lease")
}

// TestSoakDisarms guards a job that ends without a switch: its soak goes with it.
func TestSoakDisarms(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.neverSwitched = true
	status := s.play()
	require.Equal(t, workflows.SoakDisarmed, status.Phase)
	require.Equal(t, []string{"AwaitSwitch", "EndSoak"}, s.calls)
	require.Zero(t, s.ended[0].Epoch, "the namespace was never its own")
	require.False(t, s.ended[0].Switched, "the target's changes are the job's")
}

// TestRollback guards the way back: in step, durable, verified, its conditions
// asked for, the route by its version; and in step again with what was written
// meanwhile.
func TestRollback(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	a := s.after(time.Minute, workflows.UpdateRollback, workflows.RollbackRequest{Waive: []string{"bad"}})
	status := s.play()
	require.NoError(t, a.rejected)
	require.NoError(t, a.failed)
	require.True(t, a.done)
	require.Equal(t, workflows.SoakReversed, status.Phase)
	require.Equal(t, []string{
		"AwaitSwitch", "AcquireLease", "BeginSoak", "catch up", "FinishIndex",
		"SplitPass verify-forward", "VerifySegment", "SplitPass verify-backward", "VerifySegment", "VerifySamples",
		"CheckSwitch", "Switch", "catch up", "EndSoak",
	}, without(s.calls, "KeepInStep"))
	require.Equal(t, "small", status.Route.Model)
	require.EqualValues(t, 3, status.Route.Generation, "generations count on")
	require.Len(t, s.switched, 1)
	require.EqualValues(t, 4, s.switched[0].RouteVersion, "what the soak saw behind the switch")
	require.Equal(t, "docs_small", s.switched[0].Locator)
	require.Zero(t, s.called("DropFormer"), "the newer generation stays for a later job")
}

// without is calls with those of one name left out.
func without(calls []string, name string) []string {
	var rest []string
	for _, c := range calls {
		if c != name {
			rest = append(rest, c)
		}
	}
	return rest
}

// TestRetire guards what is dropped: the former generation, and only when it is
// the one that was named.
func TestRetire(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	other := s.after(time.Minute, workflows.UpdateRetire, workflows.RetireRequest{Locator: "docs_large"})
	named := s.after(2*time.Minute, workflows.UpdateRetire, workflows.RetireRequest{Locator: "docs_small"})
	status := s.play()
	require.ErrorContains(t, other.rejected, "nothing is dropped")
	require.True(t, named.done)
	require.NoError(t, named.failed)
	require.Equal(t, workflows.SoakRetired, status.Phase)
	require.Len(t, s.dropped, 1)
	require.Equal(t, "docs_small", s.dropped[0].Locator)
	require.EqualValues(t, 7, s.dropped[0].Epoch)
}

// TestRollbackThatWouldBeStale guards a former model that does not answer any
// more: the soak says so, goes on with the active one, refuses to go back, and
// does so when it is told to all the same.
func TestRollbackThatWouldBeStale(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.standby = activities.Step{InStep: true, Behind: time.Minute, Code: activities.CodeUnavailable, Error: "no answer", Pending: 5}
	var during workflows.SoakStatus
	s.env.RegisterDelayedCallback(func() { during = s.query() }, 20*time.Minute)
	refused := s.after(30*time.Minute, workflows.UpdateRollback, nil)
	var behind workflows.SoakStatus
	s.env.RegisterDelayedCallback(func() { behind = s.query() }, 50*time.Minute)
	forced := s.after(time.Hour, workflows.UpdateRollback, workflows.RollbackRequest{Stale: true})
	status := s.play()
	require.Contains(t, during.Rollback, "would be stale by 5 items")
	require.Equal(t, activities.CodeUnavailable, during.Standby.ErrorCode)
	require.NotNil(t, during.Standby.FailingSince)
	require.ErrorContains(t, refused.failed, "it lacks 5 items")
	require.Equal(t, workflows.SoakSoaking, behind.Phase, "a refused rollback leaves the soak as it was")
	require.Contains(t, behind.Refused, activities.CodeRollbackStale)
	require.NoError(t, forced.failed)
	require.Equal(t, workflows.SoakReversed, status.Phase)
	require.Zero(t, s.called("VerifySegment"), "what is known to be stale is not asked whether it is")
	require.Equal(t, 1, s.called("FinishIndex"), "but what is there survives the loss of the machine")
}

// TestRollbackAsksTheFormerModel guards a rollback whose former model went away
// since it was asked last: nothing has changed, so that no sync asks it.
func TestRollbackAsksTheFormerModel(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.standby.NextCanary = time.Hour
	a := s.after(20*time.Minute, workflows.UpdateRollback, nil)
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.NoError(t, a.failed)
	last := len(s.steps) - 1 // behind the switch
	for _, r := range s.steps[1:last] {
		require.Equal(t, r.Once, r.Standby.Step.NextCanary == 0, "else once an hour")
	}
	require.NotZero(t, s.steps[last].Standby.Step.NextCanary)
}

// TestFormerModelRecovers guards that a soak says when all is well again.
func TestFormerModelRecovers(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["KeepInStep"] = func(n int) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.standby = activities.Step{InStep: true, Code: activities.CodeUnavailable, Error: "no answer", Pending: -1}
		if n > 2 {
			s.standby = activities.Step{InStep: true}
		}
		return nil
	}
	at := map[time.Duration]*workflows.SoakStatus{}
	for _, d := range []time.Duration{35 * time.Minute, 80 * time.Minute} {
		at[d] = &workflows.SoakStatus{}
		s.env.RegisterDelayedCallback(func() { *at[d] = s.query() }, d)
	}
	require.Equal(t, workflows.SoakEnded, s.play().Phase)
	require.Contains(t, at[35*time.Minute].Rollback, "stale by an unknown number of items")
	require.Equal(t, "loses nothing", at[80*time.Minute].Rollback)
	require.Nil(t, at[80*time.Minute].Standby.FailingSince)
}

// TestRollbackIsVerified guards the former generation: a finding that stays
// refuses the rollback, one that a sync heals does not, and neither is switched to unseen.
func TestRollbackIsVerified(t *testing.T) {
	t.Parallel()
	wrong := finding(verify.Missing, "a")
	for name, c := range map[string]struct {
		reports []workflows.Verification
		phase   workflows.SoakPhase
		says    string
	}{
		"found once":      {[]workflows.Verification{wrong}, workflows.SoakReversed, ""},
		"found twice":     {[]workflows.Verification{wrong, wrong}, workflows.SoakEnded, "found twice"},
		"always another":  {[]workflows.Verification{wrong, finding(verify.Foreign, "b"), finding(verify.Foreign, "c"), finding(verify.Foreign, "d"), finding(verify.Foreign, "e")}, workflows.SoakEnded, "each found something"},
		"items that move": {[]workflows.Verification{wrong, finding(verify.Missing, "b"), finding(verify.Missing, "c")}, workflows.SoakReversed, ""},
		"nothing to find": {nil, workflows.SoakReversed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSoakStage(t)
			s.reports = c.reports
			a := s.after(time.Minute, workflows.UpdateRollback, nil)
			status := s.play()
			require.Equal(t, c.phase, status.Phase, status.Refused)
			if c.says == "" {
				require.NoError(t, a.failed)
				return
			}
			require.ErrorContains(t, a.failed, c.says)
			require.Zero(t, s.called("Switch"))
		})
	}
}

// TestRollbackRepairsWhatNoChangeExplains guards the way back of a store that
// tells its changes: a finding is none of them, so the sync behind it looks at everything.
func TestRollbackRepairsWhatNoChangeExplains(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.reports = []workflows.Verification{finding(verify.Missing, "a")}
	a := s.after(20*time.Minute, workflows.UpdateRollback, nil) // in step for the first time by then
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.NoError(t, a.failed)
	var once []activities.Step
	for _, r := range s.steps {
		if r.Once {
			once = append(once, r.Standby.Step)
		}
	}
	require.Len(t, once, 3, "before the verification, behind the finding, behind the switch")
	require.False(t, once[0].Full)
	require.True(t, once[1].Full)
	require.Equal(t, activities.SyncForward, once[1].Task)
}

// TestRollbackSyncsWhatMovedBeforeTheSwitch guards readers: what was changed during
// the verification must not be missing from what they search behind the rollback.
func TestRollbackSyncsWhatMovedBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.reports = []workflows.Verification{{Moving: 3}}
	a := s.after(time.Minute, workflows.UpdateRollback, nil)
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.NoError(t, a.failed)
	behind := slices.Index(s.calls, "VerifySamples")
	require.Equal(t, []string{"VerifySamples", "catch up", "CheckSwitch", "Switch"}, s.calls[behind:behind+4])
}
