package human_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/cli/human"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0ms":    0,
		"450ms":  450 * time.Millisecond,
		"14s":    14*time.Second + 900*time.Millisecond,
		"2m05s":  2*time.Minute + 5*time.Second,
		"59m59s": time.Hour - time.Millisecond,
		"3h07m":  3*time.Hour + 7*time.Minute + 59*time.Second,
		"2d04h":  52 * time.Hour,
		"-3s":    -3 * time.Second,
	} {
		require.Equal(t, want, human.Duration(d))
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]float64{
		"0/s": 0, "0.4/s": 0.42, "9.9/s": 9.94, "10/s": 9.96, "12/s": 12.4, "1,203/s": 1203.4,
	} {
		require.Equal(t, want, human.Rate(r))
	}
	require.Equal(t, "0/s", human.Rate(math.NaN()))
	require.Equal(t, "0/s", human.Rate(math.Inf(1)))
}

// A job that has one item of a million left is not done.
func TestPercentIsNotRoundedUp(t *testing.T) {
	t.Parallel()
	require.Equal(t, 99, human.Percent(999_999, 1_000_000))
	require.Equal(t, 100, human.Percent(1_000_000, 1_000_000))
	require.Equal(t, 100, human.Percent(1_000_001, 1_000_000), "the total is an estimate")
	require.Equal(t, 0, human.Percent(5, 0))
}

func TestCountAndBytes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "8,123", human.Count(8123))
	require.Equal(t, "1 item", human.Things(1, "item"))
	require.Equal(t, "0 items", human.Things(0, "item"))
	require.Equal(t, "8,123 items", human.Things(int64(8123), "item"))
	require.Equal(t, "8.0 MiB", human.Bytes(8<<20))
	require.Equal(t, "0 B", human.Bytes(-1))
}
