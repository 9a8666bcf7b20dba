package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCarriedStateIsChecked guards a job against what another program, or
// another job, remembers: of a later schema, of an earlier one, or of none.
func TestCarriedStateIsChecked(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	own := newCarried("j", "r", started)
	require.NoError(t, own.check("j", "r"))
	for _, version := range []int{-1, 0, carriedVersion + 1} {
		c := own
		c.Version = version
		require.ErrorContains(t, c.check("j", "r"), fmt.Sprint("schema version ", version))
	}
	require.ErrorContains(t, own.check("other", "r"), `job "j"`)
	require.ErrorContains(t, own.check("j", "other"), `first run "r"`)
}

// TestNewJobKnowsNothing guards the first answers of a job.
func TestNewJobKnowsNothing(t *testing.T) {
	t.Parallel()
	c := newCarried("j", "r", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	require.EqualValues(t, -1, c.Dirty, "what was never looked at is not clean")
	s := c.snapshot()
	require.Equal(t, Pending, s.State)
	require.Equal(t, Queued, s.Phase)
	require.Equal(t, Pending, s.Progress.State)
	require.Equal(t, Queued, s.Progress.Phase)
	require.EqualValues(t, -1, s.Progress.ETASeconds, "unknown, which is not at once")
}
