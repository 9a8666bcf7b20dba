package progress_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/starter/cli/progress"
	"github.com/reembed/reembed/workflows"
)

// clock is moved by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }
func newClock() *clock                   { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func copying(done int64) workflows.Status {
	return workflows.Status{State: workflows.Running, Phase: workflows.Copying, Progress: workflows.Progress{
		Pass: 1, ItemsTotal: 8000, ItemsDone: done, ETASeconds: -1,
	}}
}

func TestPlainLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Now: c.Now})
	r.Show(workflows.Status{State: workflows.Pending, Phase: workflows.Queued, Reason: "waiting for a slot"})
	c.forward(2 * time.Second)
	r.Show(copying(0))
	for second := range 12 {
		c.forward(time.Second)
		r.Show(copying(int64(second+1) * 500))
	}
	r.Show(workflows.Status{State: workflows.Completed, Phase: workflows.Switched})
	r.Show(workflows.Status{State: workflows.Completed, Phase: workflows.Switched})
	require.NoError(t, r.Close())
	require.Equal(t, `queued       waiting for a slot (0ms)
queued       done in 2s
copying        0%  0/8,000 items  0/s
copying       31%  2,500/8,000 items  500/s  ETA 11s
copying       62%  5,000/8,000 items  500/s  ETA 6s
copying      done in 12s, 8,000 items
`, out.String())
}

// A short job was over at the second look: its queue was said to have taken all of
// the time.
func TestPhasesThatNobodySaw(t *testing.T) {
	t.Parallel()
	begin := newClock().now
	end := begin.Add(819 * time.Millisecond)
	for state, phase := range map[workflows.State]workflows.Phase{
		workflows.Completed: workflows.Switched, workflows.Failed: workflows.Planning,
	} {
		var out strings.Builder
		c := newClock()
		r := progress.New(&out, progress.Options{Now: c.Now})
		r.Show(workflows.Status{State: workflows.Pending, Phase: workflows.Queued})
		c.forward(time.Second)
		r.Show(workflows.Status{State: state, Phase: phase, StartedAt: begin, FinishedAt: &end})
		require.NoError(t, r.Close())
		require.Equal(t, "queued       0ms\n"+fmt.Sprintf("%-12s after 819ms\n", phase), out.String())
	}
}

func TestTerminalRedrawsOneLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Screen: layout.Screen{Moves: true}, Now: c.Now})
	r.Show(copying(0))
	c.forward(2 * time.Second)
	r.Show(copying(4000))
	require.NotContains(t, out.String(), "\n")
	frames := strings.Split(out.String(), "\r")
	require.Equal(t, "copying      [==========>           ]  50%  4,000/8,000 items  2,000/s  ETA 2s\x1b[K", frames[2])
	require.LessOrEqual(t, len(frames[2])-len("\x1b[K"), 79)
	r.Show(workflows.Status{State: workflows.Failed, Phase: workflows.Copying})
	require.NoError(t, r.Close())
	require.True(t, strings.HasSuffix(out.String(), "\rcopying      ended after 2s, 4,000 items\x1b[K\n"), out.String())
}

// A line longer than the terminal wraps, and \r comes back to the wrong row.
func TestTerminalLineNeverWraps(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 20, 30, 47, 60, 80, 200} {
		var out strings.Builder
		c := newClock()
		r := progress.New(&out, progress.Options{Screen: layout.Screen{Moves: true, Width: func() int { return width }}, Now: c.Now})
		s := copying(4000)
		s.LastError = "SyncSegment, attempt 7: backend unavailable:\nno answer within 2m0s"
		r.Show(s)
		line := strings.TrimSuffix(strings.TrimPrefix(out.String(), "\r"), "\x1b[K")
		require.LessOrEqual(t, len([]rune(line)), max(20, width-1))
		require.NotContains(t, line, "\n")
	}
}

func TestNoWayBack(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Now: c.Now, PlainEvery: time.Second})
	r.Show(copying(3000))
	c.forward(time.Second)
	r.Show(copying(2000))
	require.Contains(t, out.String(), "37%  3,000/8,000 items  0/s\n")
	require.NotContains(t, out.String(), "2,000")
	require.NoError(t, r.Close())
}

// A second pass begins at zero again: what the first one reached is not its floor.
func TestNewPassStartsAgain(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Now: c.Now, PlainEvery: time.Second})
	s := copying(8000)
	s.Phase = workflows.CatchingUp
	r.Show(s)
	c.forward(time.Second)
	s.Progress.Pass, s.Progress.ItemsDone = 2, 100
	r.Show(s)
	require.Contains(t, out.String(), "1%  100/8,000 items")
	require.NoError(t, r.Close())
}

func TestTroubleIsShownAtOnce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Now: c.Now})
	r.Show(copying(0))
	c.forward(time.Second)
	s := copying(0)
	s.LastError = "no worker answers"
	r.Show(s)
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), "retrying: no worker answers\n")
	require.NoError(t, r.Close())
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriterErrorIsReturned(t *testing.T) {
	t.Parallel()
	r := progress.New(broken{}, progress.Options{})
	r.Show(copying(1))
	require.ErrorContains(t, r.Close(), "broken pipe")
}

// TestLagIsShown guards what a job below fast writers looks like: passes begin again
// and again, and nothing said why.
func TestLagIsShown(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := newClock()
	r := progress.New(&out, progress.Options{Now: c.Now})
	s := copying(10)
	s.Phase, s.Progress.NonConverging = workflows.CatchingUp, &workflows.Lag{Changes: 400, Bound: 10, Arriving: 52.4, Synced: 7.04}
	r.Show(s)
	require.NoError(t, r.Close())
	require.Contains(t, out.String(), "non-converging: 52 changes/s arrive, 7.0/s are synced; the last pass found 400, the bound is 10\n")
}
