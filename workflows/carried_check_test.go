package workflows

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCarriedStateIsChecked guards a job against what another program, or
// another job, remembers: of an earlier schema, or of none.
func TestCarriedStateIsChecked(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	own := newCarried("j", "r", started)
	require.NoError(t, own.check("j", "r"))
	first := own
	first.Version = 1
	require.NoError(t, first.check("j", "r"), "of a worker of before, which had no waits to carry")
	for _, version := range []int{-1, 0} {
		c := own
		c.Version = version
		require.ErrorContains(t, c.check("j", "r"), fmt.Sprint("schema version ", version))
	}
	require.ErrorContains(t, own.check("other", "r"), `job "j"`)
	require.ErrorContains(t, own.check("j", "other"), `first run "r"`)
}

// TestStateOfANewerWorkerIsLeftToIt guards jobs during a deploy: an older worker
// that got one's task failed the whole job.
func TestStateOfANewerWorkerIsLeftToIt(t *testing.T) {
	t.Parallel()
	var c Carried
	newer := fmt.Sprintf(`{"version":%d,"machine":"of another form","job":{"id":["j"]}}`, carriedVersion+1)
	require.NoError(t, json.Unmarshal([]byte(newer), &c), "nothing but the version is read")
	require.PanicsWithValue(t, fmt.Sprintf("this worker is too old for the job: a newer one carried its state on in schema version %d, and this one reads %d; upgrade it",
		carriedVersion+1, carriedVersion), func() { leaveToNewer("job", c.Version, carriedVersion) })

	own := newCarried("j", "r", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	require.NotPanics(t, func() { leaveToNewer("job", own.Version, carriedVersion) })
	require.Error(t, json.Unmarshal([]byte(`{"version":"2"}`), &c))
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
