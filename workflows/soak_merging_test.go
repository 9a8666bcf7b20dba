package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// newMergingStage is a soak of a self-contained namespace.
func newMergingStage(t *testing.T) *soakStage {
	t.Helper()
	s := newSoakStage(t)
	s.plan.Active.Source, s.plan.Active.Merging = s.plan.Standby.Locator, true
	s.plan.Standby.Source, s.plan.Standby.Merging = s.plan.Active.Locator, true
	return s
}

// caughtUp are the steps that were asked for once.
func (s *soakStage) caughtUp() (once []activities.StepRequest) {
	for _, r := range s.steps {
		if r.Once {
			once = append(once, r)
		}
	}
	return once
}

// TestRollbackOfCollections guards late writers of either collection: what they
// wrote is merged both ways, before the rollback, behind it, and once more when
// they had time to learn of it.
func TestRollbackOfCollections(t *testing.T) {
	t.Parallel()
	s := newMergingStage(t)
	a := s.after(time.Minute, workflows.UpdateRollback, nil)
	status := s.play()
	require.NoError(t, a.failed)
	require.Equal(t, workflows.SoakReversed, status.Phase)
	require.Empty(t, status.LastError)
	require.Equal(t, []string{"Switch", "catch up", "catch up", "EndSoak"}, without(s.calls, "KeepInStep")[len(without(s.calls, "KeepInStep"))-4:])
	once := s.caughtUp()
	require.Len(t, once, 3)
	for _, r := range once {
		require.NotNil(t, r.Active, "the other way, too")
		require.NotNil(t, r.Standby)
	}
}

// The last pass behind a rollback is tried again while it fails, and not for ever.
func TestLastPassBehindARollbackIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, recovers := range []bool{true, false} {
		s := newMergingStage(t)
		s.before["catch up"] = func(n int) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.standby = activities.Step{InStep: true}
			if n > 1 && (n < 4 || !recovers) { // takes effect in the next one
				s.standby = activities.Step{InStep: true, Code: activities.CodeUnavailable, Error: "no answer"}
			}
			return nil
		}
		a := s.after(time.Minute, workflows.UpdateRollback, nil)
		status := s.play()
		require.NoError(t, a.failed)
		require.Equal(t, workflows.SoakReversed, status.Phase)
		if recovers {
			require.Len(t, s.caughtUp(), 5)
			require.Empty(t, status.Standby.ErrorCode)
		} else {
			require.Len(t, s.caughtUp(), 8, "one before, one behind, six tries")
			require.Equal(t, activities.CodeUnavailable, status.Standby.ErrorCode, "the status says so")
		}
	}
}

// TestRetireOfACollection guards what was written late into the collection that is
// to be dropped: it is brought over first, or nothing is dropped.
func TestRetireOfACollection(t *testing.T) {
	t.Parallel()
	s := newMergingStage(t)
	a := s.after(time.Minute, workflows.UpdateRetire, nil)
	status := s.play()
	require.NoError(t, a.failed)
	require.Equal(t, workflows.SoakRetired, status.Phase)
	require.Equal(t, []string{"catch up", "DropFormer", "EndSoak"}, without(s.calls, "KeepInStep")[3:])
	require.NotNil(t, s.caughtUp()[0].Active)

	s = newMergingStage(t)
	s.before["catch up"] = func(int) error { return hopeless(activities.CodeDamaged, "can't be read") }
	a = s.after(time.Minute, workflows.UpdateRetire, nil)
	status = s.play()
	require.ErrorContains(t, a.failed, "can't be read")
	require.Equal(t, workflows.SoakEnded, status.Phase, "it goes on to the end of its window")
	require.Zero(t, s.called("DropFormer"))
}

// A collection whose late writes can't be brought over is not dropped.
func TestRetireOfACollectionThatIsBehind(t *testing.T) {
	t.Parallel()
	s := newMergingStage(t)
	s.active = activities.Step{InStep: true, Code: activities.CodeQuotaExhausted, Error: "used up"}
	a := s.after(time.Minute, workflows.UpdateRetire, nil)
	status := s.play()
	require.ErrorContains(t, a.failed, "used up")
	require.Contains(t, status.Refused, activities.CodeQuotaExhausted)
	require.Zero(t, s.called("DropFormer"))
}
