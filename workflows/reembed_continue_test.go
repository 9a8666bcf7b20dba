package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/workflows"
)

// next returns the input of the run that the stage's job goes on in.
func (s *stage) next() (json.RawMessage, *workflows.Carried) {
	s.t.Helper()
	var again *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &again)
	require.Equal(s.t, workflows.ReembedWorkflowName, again.WorkflowType.Name)
	var raw json.RawMessage
	var carried *workflows.Carried
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &raw, &carried))
	return raw, carried
}

// TestContinuedJobEndsAsAnotherOne guards what is carried: a job that continues
// as new after each step does the same work and ends with the same status.
func TestContinuedJobEndsAsAnotherOne(t *testing.T) {
	t.Parallel()
	whole := newStage(t)
	whole.dirty = []int64{3000, 40}
	want := whole.play()
	require.Equal(t, workflows.Completed, want.State)

	raw, carried := json.RawMessage(request), (*workflows.Carried)(nil)
	var got workflows.Status
	var calls []string
	passes, looks, runs := 0, 0, 0
	for {
		s := newStage(t)
		s.job.ContinueAfter = 1
		s.dirty, s.passes, s.looks = whole.dirty, passes, looks
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
		calls = append(calls, s.calls...)
		passes, looks = s.passes, s.looks
		runs++
		require.Less(t, runs, 50)
		var again *workflow.ContinueAsNewError
		if err := s.env.GetWorkflowError(); err == nil {
			got = s.status()
			break
		} else {
			require.ErrorAs(t, err, &again)
		}
		raw, carried = s.next()
	}
	require.Greater(t, runs, 5)
	require.Equal(t, whole.calls, calls, "the slot and the lease are taken once")
	for _, s := range []*workflows.Status{&got, &want} {
		s.StartedAt, s.RunningSince, s.FinishedAt = time.Time{}, nil, nil
		s.Progress.PhaseSince = time.Time{}
	}
	require.Equal(t, want, got)
}

// TestCancelAtTheEdgeOfARun guards signals that come while a run ends: they must
// not be lost between it and the next.
func TestCancelAtTheEdgeOfARun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.ContinueAfter = 1
	raw, carried := func() (json.RawMessage, *workflows.Carried) {
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
		return s.next()
	}()
	for range 3 { // up to the copy
		s = newStage(t)
		s.job.ContinueAfter = 1
		s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
		raw, carried = s.next()
	}
	s = newStage(t)
	s.job.ContinueAfter = 1
	s.onCall = func(name string, n int) {
		if name == "SyncSegment" && n == 6 { // the last of the pass, behind which the run ends
			s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "just in time"})
		}
	}
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	status := s.status()
	require.Equal(t, workflows.Cancelled, status.State)
	require.Equal(t, "just in time", status.Reason)
}

// TestTimeIsCarried guards the job's clock over its runs.
func TestTimeIsCarried(t *testing.T) {
	t.Parallel()
	first := newStage(t)
	first.job.ContinueAfter, first.job.Timeout = 1, time.Hour
	first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	raw, carried := first.next()
	require.True(t, carried.Slot.Held)
	carried.Used = time.Hour - 10*time.Second
	s := newStage(t)
	s.job.Timeout = time.Hour
	s.before["Plan"] = func(int) error { return passing("UNAVAILABLE") }
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	status := s.status()
	require.Equal(t, "JOB_TIMEOUT", status.ErrorCode)
}

func TestForeignCarriedStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*workflows.Carried){
		"version": func(c *workflows.Carried) { c.Version = 99 },
		"job":     func(c *workflows.Carried) { c.Job.ID = "another" },
		"run":     func(c *workflows.Carried) { c.Job.Run = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newStage(t)
			first.job.ContinueAfter = 1
			first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
			raw, carried := first.next()
			spoil(carried)
			s := newStage(t)
			s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
			require.Equal(t, "INVALID_REQUEST", s.status().ErrorCode)
			require.Empty(t, s.calls)
		})
	}
}
