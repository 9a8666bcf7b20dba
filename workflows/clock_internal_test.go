package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server whose clock is set back gave a job that continued as new time which
// it had used up, and a rate below nothing.
func TestElapsedTimeIsNeverNegative(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Equal(t, time.Minute, elapsed(now, now.Add(time.Minute)))
	require.Zero(t, elapsed(now, now.Add(-time.Hour)))
}
