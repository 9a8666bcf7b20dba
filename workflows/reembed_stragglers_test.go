package workflows_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestStragglers guards what was written into the former collection between the
// last pass and the switch: a pass behind it brings it over.
func TestStragglers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Source = "former"
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Empty(t, status.LastError)
	at := slices.Index(s.calls, "SplitPass "+string(activities.Merge))
	require.Greater(t, at, slices.Index(s.calls, "Switch"))
	require.Equal(t, []string{"SyncSegment", "SyncSegment", "SyncSegment"}, s.calls[at+1:at+4])

	for name, source := range map[string]string{"a derived namespace": "", "a job to the active model": "docs_fp"} {
		s = newStage(t)
		s.job.Source = source
		require.Equal(t, workflows.Completed, s.play().State)
		require.Zero(t, s.called("SplitPass "+string(activities.Merge)), name)
	}
}

// The switch has happened: that stragglers can't be brought over is said, and
// does not fail the job. Nor does being told to stop.
func TestStragglersThatFail(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Source = "former"
	s.before["SplitPass "+string(activities.Merge)] = func(int) error { return hopeless(activities.CodeQuotaExhausted, "used up") }
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Contains(t, status.LastError, "former collection")
	require.Contains(t, status.LastError, "used up")

	for _, native := range []bool{false, true} {
		s = newStage(t)
		s.job.Source = "former"
		s.cancelAt("SplitPass "+string(activities.Merge), 1, native)
		status = s.play()
		require.Equal(t, workflows.Completed, status.State, status.Reason)
		require.Empty(t, status.LastError)
	}
}
