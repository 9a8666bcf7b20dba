package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestWhatFollowsTheSwitch guards what the catalog asks for behind it: once, in
// its order, and before the job says that it is done.
func TestWhatFollowsTheSwitch(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Publish, s.job.PostHook = true, true
	s.job.Waive = []string{"a"}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Empty(t, status.Warnings)
	require.Equal(t, []string{"Switch", "Publish", "PostHook", "RecordOutcome", "ReleaseLease"}, s.calls[len(s.calls)-5:])
	require.Equal(t, *status.Route, s.posted[0].Route)
	require.Equal(t, status.Former, s.posted[0].Former)
	require.Equal(t, "large", s.posted[0].Job.To.Name)
	require.Empty(t, s.posted[0].Job.Waive)
}

// TestFailureBehindTheSwitchWarns guards the switch: it stands, whatever becomes
// of what follows it.
func TestFailureBehindTheSwitchWarns(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Publish, s.job.PostHook = true, true
	s.before["Publish"] = func(int) error { return hopeless(activities.CodeConflict, "there is a table of that name") }
	s.before["PostHook"] = func(int) error { return passing(activities.CodeUnavailable) }
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, []string{
		"the active generation could not be published: there is a table of that name",
		"the post hook failed: UNAVAILABLE, for now",
	}, status.Warnings)
	require.Equal(t, 1, s.called("Publish"))
	require.Equal(t, 12, s.called("PostHook"), "it is tried again, and not for ever")
	require.Equal(t, "large", status.Route.Model)
}

// TestNothingFollowsWhatWasNoSwitch guards the post hook against jobs that
// re-embedded what is active.
func TestNothingFollowsWhatWasNoSwitch(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Publish, s.job.PostHook, s.job.RouteVersion = true, true, 4 // what the stage's route has behind it
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 1, s.called("Publish"), "it may not have been shown yet")
	require.Empty(t, s.posted)
}
