package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestWaitingJobGoesOnInANewRunEachDay guards jobs that wait for weeks against
// histories that long, and all that they wait for against the change of runs.
func TestWaitingJobGoesOnInANewRunEachDay(t *testing.T) {
	t.Parallel()
	first := newManual(t)
	first.narrow()
	first.slowPasses()
	first.job.Timeout, first.job.MaxVerifyAge = 10*time.Minute, 48*time.Hour
	var before workflows.Status
	first.after(23*time.Hour, func() { before = first.query() })
	first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	raw, carried := first.next()
	require.Contains(t, before.Reason, "reembed cutover")
	require.Less(t, first.passes, 60, "what takes long is done rarely")
	require.False(t, carried.Slot.Held)
	require.True(t, carried.Slot.Parked)
	require.Less(t, carried.Used, time.Minute, "waiting is no running time")
	require.Zero(t, first.called("ReleaseLease"))
	require.Len(t, first.parked, 1)

	second := newManual(t)
	second.narrow()
	_, slots := second.memos()
	asked := second.asked()
	second.tellAfter(time.Minute, "ops")
	second.after(50*time.Second, func() {
		second.standsBy("reembed cutover")
		require.Zero(t, second.called("park"), "it has no slot to give back")
		require.Empty(t, *slots, "the memo goes along")
	})
	second.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	status := second.status()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, "ops", status.Cutover.By)
	require.Equal(t, before.RunningSince.UTC(), status.RunningSince.UTC())
	require.Len(t, *asked, 1)
	require.True(t, (*asked)[0].Parked)
	require.Zero(t, second.looks, "the verification is a day old, and may be two")
}

// TestWaitIsCarried guards a job that continues as new in the middle of all that
// it does between a person's word and the switch.
func TestWaitIsCarried(t *testing.T) {
	t.Parallel()
	var last *stage
	var status workflows.Status
	raw, carried := json.RawMessage(request), (*workflows.Carried)(nil)
	for runs := 0; ; runs++ {
		require.Less(t, runs, 60)
		s := newManual(t)
		s.narrow()
		s.job.ContinueAfter, s.job.MaxVerifyAge = 1, 30*time.Second
		s.job.CutoverWindow = "02:00-04:00 UTC"
		if last != nil {
			s.calls, s.passes, s.looks, s.windows = last.calls, last.passes, last.looks, last.windows
			s.parked = last.parked
		}
		s.opening = func(at time.Time) activities.Opening {
			return activities.Opening{Opens: at.Add(time.Minute), Closes: at.Add(time.Hour)}
		}
		s.before["CheckSwitch"] = func(n int) error {
			if n == 1 {
				return hopeless(activities.CodeVetoed, "vetoed: no")
			}
			return nil
		}
		if carried != nil && carried.Machine.Phase == workflows.Ready && carried.Status.Cutover == nil {
			s.tellAfter(0, "ops")
		}
		s.env.SetStartTime(startOf(last))
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
		last = s
		if !workflow.IsContinueAsNewError(s.env.GetWorkflowError()) {
			status = s.status()
			break
		}
		raw, carried = s.next()
	}
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, "ops", status.Cutover.By)
	require.Equal(t, 2, last.called("CheckSwitch"))
	require.Equal(t, 1, last.called("Switch"))
	require.Len(t, last.windows, 1, "the opening is carried, too")
	require.Equal(t, 2, last.called("park"), "at the first wait, and after the veto")
	require.GreaterOrEqual(t, last.looks, 2)
}

// startOf is when the next run begins: when the one before ended.
func startOf(last *stage) time.Time {
	if last == nil {
		return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	return last.env.Now()
}
