package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// TestBusyNamespaceIsWaitedFor guards the lease: a living holder is no failure,
// and the job says what it waits for.
func TestBusyNamespaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var waiting workflows.Status
	s.before["AcquireLease"] = func(n int) error {
		if n <= 8 {
			s.env.RegisterDelayedCallback(func() { waiting = s.query() }, 0)
			return passing(activities.CodeNamespaceBusy)
		}
		return nil
	}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Empty(t, status.Reason)
	require.Equal(t, workflows.Pending, waiting.State)
	require.Contains(t, waiting.Reason, `waits until no other job holds namespace "docs"`)
}

// TestLostLeaseQueuesAgain guards the fence, wherever it is met: a job whose
// namespace was taken begins anew under a new epoch, and keeps its slot.
func TestLostLeaseQueuesAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Prepare", "SplitPass sync-forward", "SyncSegment", "FinishIndex", "VerifySegment", "VerifySamples", "CheckSwitch", "Switch",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.before[name] = func(n int) error {
				if n == 1 {
					return hopeless(activities.CodeLeaseLost, "taken over")
				}
				return nil
			}
			status := s.play()
			require.Equal(t, workflows.Completed, status.State)
			require.Equal(t, "taken over", status.LastError)
			require.Equal(t, []bool{false, true}, s.held, "it asks for no other slot, but says that it holds one: after a reset the gate does not know")
			require.Equal(t, 2, s.called("AcquireLease"))
			require.Equal(t, 2, s.called("Plan"), "what the other job did is looked at")
			require.EqualValues(t, 8, s.outcomes[0].Job.Epoch)
			require.Equal(t, 1, s.called("ReleaseLease"))
		})
	}
}

// TestLostLeaseEndsTheJobAtLast guards against two jobs that take a namespace
// from each other for ever.
func TestLostLeaseEndsTheJobAtLast(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.before["SyncSegment"] = func(int) error { return hopeless(activities.CodeLeaseLost, "taken over") }
	status := s.play()
	require.Equal(t, workflows.Failed, status.State)
	require.Equal(t, activities.CodeLeaseLost, status.ErrorCode)
	require.Equal(t, 4, s.called("AcquireLease"))
}

// TestFailureInTheQueueAfterALostLease guards the lease of the other job: the
// epoch that was lost is not given back.
func TestFailureInTheQueueAfterALostLease(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.before["Prepare"] = func(int) error { return hopeless(activities.CodeLeaseLost, "taken over") }
	s.before["AcquireLease"] = func(n int) error {
		if n == 1 {
			return nil
		}
		return hopeless(activities.CodeUnauthorized, "the registry refused")
	}
	status := s.play()
	require.Equal(t, activities.CodeUnauthorized, status.ErrorCode)
	require.Zero(t, s.called("ReleaseLease"))
	require.Zero(t, s.outcomes[0].Job.Epoch)
}

// TestRoundsBeginAnewWithTheLease guards a job on a busy namespace: what was
// found before the lease was lost does not count against it.
func TestRoundsBeginAnewWithTheLease(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, id := range []string{"a", "b", "b", "e"} { // b: before and after
		s.reports = append(s.reports, finding(verify.Stale, id))
	}
	s.still = map[string]bool{"b": true}
	s.before["SplitPass sync-forward"] = func(n int) error {
		if n == 4 { // after the second verification
			return hopeless(activities.CodeLeaseLost, "taken over")
		}
		return nil
	}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, 2, s.called("AcquireLease"))
	require.Equal(t, 4, s.looks)
	require.Equal(t, 1, s.called("VerifyAgain"), "at e; b was found by the job that it was before")
}
