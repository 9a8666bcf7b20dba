package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// TestVerificationWaitsForLateWrites guards what readers find after the switch: a
// write of a lost worker that lands behind the last look at everything was found
// by nobody. One that lands before it is found, and mended.
func TestVerificationWaitsForLateWrites(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		left time.Duration
		late []time.Duration
		wait time.Duration
	}{
		"nothing is late":                  {0, nil, 0},
		"lost in the copy":                 {0, []time.Duration{40 * time.Second}, 40 * time.Second},
		"lost in the catch-up":             {0, []time.Duration{0, 15 * time.Second}, 15 * time.Second},
		"lost twice, the first for longer": {0, []time.Duration{time.Minute, 15 * time.Second}, time.Minute},
		"of the job before":                {50 * time.Second, nil, 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.left, s.late = tt.left, tt.late
			begin := s.env.Now()
			timers := 0
			s.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
			if tt.wait == 0 {
				require.Equal(t, workflows.Completed, s.play().State)
				require.Equal(t, 1, timers, "the wait for the slot")
				return
			}
			var reason string
			s.env.RegisterDelayedCallback(func() { // at the last moment an old text's vector comes back
				reason = s.query().Reason
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.looks == 0 {
					s.reports = []workflows.Verification{finding(verify.Stale, "a")}
				}
			}, tt.wait-time.Second)
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			require.Empty(t, status.Reason)
			require.Equal(t, 2, s.called("SplitPass verify-forward"), "found, mended, and looked at again")
			require.Equal(t, "waits until no write of a lost worker can land any more", reason)
			require.WithinDuration(t, begin.Add(tt.wait), *status.FinishedAt, 5*time.Second)
		})
	}
}

// TestJobThatEndsBeforeLateWritesKeepsTheLease guards the job after it: whoever
// takes the lease of a job that is over waits, who finds it free does not.
func TestJobThatEndsBeforeLateWritesKeepsTheLease(t *testing.T) {
	t.Parallel()
	for name, cancelAt := range map[string]time.Duration{"before": 30 * time.Second, "after": 70 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.late = []time.Duration{time.Minute}
			s.before["VerifySamples"] = func(int) error { return passing(activities.CodeUnavailable) }
			s.env.RegisterDelayedCallback(s.env.CancelWorkflow, cancelAt)
			status := s.play()
			require.Equal(t, workflows.Cancelled, status.State)
			require.Equal(t, workflows.Verifying, status.Phase)
			require.Equal(t, "cancelled through Temporal", status.Reason)
			require.Equal(t, cancelAt > time.Minute, s.called("ReleaseLease") == 1)
		})
	}
}

// TestRangeTellsOfLateWrites guards the way from a segment to the job: by the
// range's clock, whichever of its segments it was, and also when the range ends
// by the loss itself.
func TestRangeTellsOfLateWrites(t *testing.T) {
	t.Parallel()
	env, in := rangeEnv(t)
	n := 0
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.SegmentRequest) (activities.SegmentResult, error) {
			n++
			res := activities.SegmentResult{Done: n == 3}
			if n == 2 {
				res.Late = 20 * time.Second
			}
			return res, nil
		})
	begin := env.Now()
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var got workflows.RangeResult
	require.NoError(t, env.GetWorkflowResult(&got))
	require.WithinDuration(t, begin.Add(21*time.Second), got.LateUntil, 500*time.Millisecond, "a second was waited between the segments")

	env, in = rangeEnv(t)
	env.OnActivity("SyncSegment", mock.Anything, mock.Anything).
		Return(activities.SegmentResult{}, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil))
	env.ExecuteWorkflow(workflows.SyncRangeWorkflowName, in)
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	require.Equal(t, activities.CodeUnavailable, app.Type())
	require.NoError(t, app.Details(&got))
	require.WithinDuration(t, env.Now().Add(time.Minute), got.LateUntil, 5*time.Second)
}
