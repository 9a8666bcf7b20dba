package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/workflows"
)

// TestEachActivityFails guards the end of a job that can't go on: its code and
// status are told, the end is recorded, and a namespace that it held is free.
func TestEachActivityFails(t *testing.T) {
	t.Parallel()
	for name, held := range map[string]int{
		"Resolve": 0, "AcquireSlot": 0, "AcquireLease": 0, "Plan": 1, "Prepare": 1,
		"SplitPass sync-forward": 1, "SplitPass sync-backward": 1, "SyncSegment": 1, "FinishIndex": 1,
		"SplitPass verify-forward": 1, "VerifySegment": 1, "VerifySamples": 1, "CheckSwitch": 1, "Switch": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.before[name] = func(int) error { return hopeless(activities.CodeUnauthorized, "the key was refused") }
			status := s.play()
			require.Equal(t, workflows.Failed, status.State)
			require.Equal(t, activities.CodeUnauthorized, status.ErrorCode)
			require.Equal(t, "the key was refused", status.Reason)
			require.Nil(t, status.Route)
			require.Equal(t, held, s.called("ReleaseLease"))
			require.Equal(t, 1, s.called("RecordOutcome"))
			require.Equal(t, "FAILED", s.outcomes[0].State)
		})
	}
}

// TestEachActivityIsRetried guards that passing trouble ends no job.
func TestEachActivityIsRetried(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Resolve", "AcquireSlot", "AcquireLease", "Plan", "Prepare", "SplitPass sync-forward", "SyncSegment",
		"FinishIndex", "VerifySegment", "VerifySamples", "CheckSwitch", "Switch", "RecordOutcome", "ReleaseLease",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.before[name] = func(n int) error {
				if n <= 8 {
					return passing(activities.CodeThrottled)
				}
				return nil
			}
			if name == "RecordOutcome" || name == "ReleaseLease" { // bounded: see closing
				s.before[name] = func(n int) error {
					if n <= 3 {
						return passing(activities.CodeUnavailable)
					}
					return nil
				}
			}
			require.Equal(t, workflows.Completed, s.play().State)
		})
	}
}

// TestOutcomeThatCannotBeRecorded guards the job's own end against its bookkeeping.
func TestOutcomeThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	broken := func(int) error { return passing(activities.CodeUnavailable) }
	s.before["RecordOutcome"], s.before["ReleaseLease"] = broken, broken
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Contains(t, status.LastError, "could not be recorded")
	require.Equal(t, "large", status.Route.Model)
}

// TestFailedRangeStopsTheOthers guards against work that goes on for a job that is over.
func TestFailedRangeStopsTheOthers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.before["SyncSegment"] = func(n int) error {
		if n == 1 {
			return hopeless(activities.CodeQuotaExhausted, "the quota is used up")
		}
		return passing(activities.CodeUnavailable) // the others would try for ever
	}
	status := s.play()
	require.Equal(t, activities.CodeQuotaExhausted, status.ErrorCode)
	require.Equal(t, workflows.Copying, status.Phase)
}

// TestEndedRangesAreCounted guards the totals of a job that ends early: what its
// open ranges did was lost with them.
func TestEndedRangesAreCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Window = 1
	s.dirty = []int64{400}
	s.before["SyncSegment"] = func(n int) error {
		if n == 1 {
			return nil
		}
		return temporal.NewApplicationErrorWithOptions("the quota is used up", activities.CodeQuotaExhausted, temporal.ApplicationErrorOptions{
			NonRetryable: true, Details: []any{activities.SegmentResult{Counts: reconcile.Counts{Scanned: 30, Written: 20}}},
		})
	}
	status := s.play()
	require.Equal(t, activities.CodeQuotaExhausted, status.ErrorCode)
	require.Equal(t, "the quota is used up", status.Reason)
	require.EqualValues(t, 420, status.Progress.Totals.Written)
	require.EqualValues(t, 1030, status.Progress.ItemsDone)
	require.Equal(t, 1, status.Progress.RangesDone, "the second one did not come to its end")
}

func TestTooManyItemsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.MaxFailedItems, s.refused = 4, 5
	status := s.play()
	require.Equal(t, activities.CodeTooManyFailedItems, status.ErrorCode)

	s = newStage(t)
	s.job.MaxFailedItems, s.refused = 5, 5
	status = s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.EqualValues(t, 5, status.Progress.Totals.Quarantined, "the same items in each pass")
}

func TestCatalogChangedWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.before["AcquireLease"] = func(int) error {
		s.job.Fingerprint, s.job.To.DocumentPrefix = "another", "passage: "
		return nil
	}
	status := s.play()
	require.Equal(t, activities.CodeCatalogMismatch, status.ErrorCode)
	require.Contains(t, status.Reason, `document_prefix is "passage: " here, "" in the job`, "it says which key")
	require.Zero(t, s.called("Prepare"))
}
