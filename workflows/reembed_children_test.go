package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// children counts the ranges that were started, and how each one closed.
type children struct{ started, cancelled, completed, failed int }

func (s *stage) children() *children {
	c := &children{}
	s.env.SetOnChildWorkflowStartedListener(func(*workflow.Info, workflow.Context, converter.EncodedValues) { c.started++ })
	s.env.SetOnChildWorkflowCompletedListener(func(_ *workflow.Info, _ converter.EncodedValue, err error) {
		switch {
		case err == nil:
			c.completed++
		case temporal.IsCanceledError(err):
			c.cancelled++
		default:
			c.failed++
		}
	})
	return c
}

// TestStoppedJobStopsItsRanges guards against work that goes on for a job that is
// over, and against ranges which are begun after it was told to stop.
func TestStoppedJobStopsItsRanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stop func(*stage)
		code string
		want children
	}{
		"signal":   {func(s *stage) { s.cancelAt("SyncSegment", 6, false) }, "", children{started: 2, cancelled: 2}},
		"Temporal": {func(s *stage) { s.cancelAt("SyncSegment", 6, true) }, "", children{started: 2, cancelled: 2}},
		"timeout":  {func(s *stage) { s.job.Timeout = time.Minute }, activities.CodeTimeout, children{started: 2, cancelled: 2}},
		"a range that fails": {func(s *stage) {
			stuck := s.before["SyncSegment"]
			s.before["SyncSegment"] = func(n int) error {
				if n == 6 {
					return hopeless(activities.CodeQuotaExhausted, "the quota is used up")
				}
				return stuck(n)
			}
		}, activities.CodeQuotaExhausted, children{started: 2, cancelled: 1, failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.job.Window = 2 // of three ranges: the third is never begun
			s.before["SyncSegment"] = func(int) error { return passing(activities.CodeUnavailable) }
			got := s.children()
			c.stop(s)
			status := s.play()
			require.Equal(t, c.code, status.ErrorCode, status.Reason)
			require.Equal(t, workflows.Copying, status.Phase)
			require.Equal(t, c.want, *got)
			require.Empty(t, status.Progress.OpenRanges)
			require.Zero(t, s.called("SplitPass sync-backward"))
		})
	}
}

// TestWindowOfRanges guards that a job runs as many ranges at once as it says,
// and at least one.
func TestWindowOfRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ window, most int }{{0, 1}, {1, 1}, {3, 3}, {4, 4}, {20, 10}} {
		t.Run(fmt.Sprint(c.window), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.job.Window = c.window
			s.ranges = map[activities.Task]int{activities.SyncForward: 10}
			s.dirty = []int64{0}
			seen := 0
			s.onCall = func(name string, _ int) {
				if name == "SyncSegment" {
					s.env.RegisterDelayedCallback(func() { seen = max(seen, len(s.query().Progress.OpenRanges)) }, 0)
				}
			}
			require.Equal(t, workflows.Completed, s.play().State)
			require.Equal(t, c.most, seen)
		})
	}
}

// TestIdsOfRanges guards what clients ask the open ranges by.
func TestIdsOfRanges(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Window = 1
	s.dirty = []int64{0}
	var ids []string
	s.env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		ids = append(ids, info.WorkflowExecution.ID)
	})
	status := s.play()
	var want []string
	for _, pass := range []struct {
		n     int
		tasks []activities.Task
	}{
		{1, []activities.Task{activities.SyncForward, activities.SyncBackward}},
		{status.Progress.Pass, []activities.Task{activities.VerifyForward, activities.VerifyBackward}},
	} {
		for _, task := range pass.tasks {
			for n := range 3 {
				want = append(want, workflows.RangeID(status.Job, pass.n, task, n+1))
			}
		}
	}
	require.Equal(t, want, ids)
}
