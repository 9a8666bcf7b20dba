package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// memos collects what the job writes into its memo, in order.
func (s *stage) memos() (jobs *[]workflows.JobMemo, slots *[]activities.SlotMemo) {
	jobs, slots = &[]workflows.JobMemo{}, &[]activities.SlotMemo{}
	s.env.OnUpsertMemo(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		for key, value := range args.Get(0).(map[string]any) {
			switch key {
			case workflows.MemoJob:
				*jobs = append(*jobs, value.(workflows.JobMemo))
			case workflows.MemoSlot:
				*slots = append(*slots, value.(activities.SlotMemo))
			}
		}
	})
	return jobs, slots
}

// states leaves out of memos what repeats.
func states(memos []workflows.JobMemo) (got []string) {
	for _, m := range memos {
		line := string(m.State) + " " + string(m.Phase)
		if len(got) == 0 || got[len(got)-1] != line {
			got = append(got, line)
		}
	}
	return got
}

// TestMemosOfAJob guards lists, which read memos only, and a gate that lost its
// state, which recovers from them.
func TestMemosOfAJob(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	jobs, slots := s.memos()
	status := s.play()
	require.Equal(t, []string{
		"PENDING queued", "RUNNING planning", "RUNNING preparing", "RUNNING copying", "RUNNING catching-up",
		"RUNNING indexing", "RUNNING verifying", "RUNNING ready", "RUNNING switching", "RUNNING switched", "COMPLETED switched",
	}, states(*jobs))
	for _, m := range *jobs {
		require.Equal(t, []string{"docs", "small", "large", "MEDIUM"}, []string{m.Namespace, m.From, m.To, m.Priority})
	}
	require.Len(t, *slots, 2)
	waits, holds := (*slots)[0], (*slots)[1]
	require.Equal(t, activities.SlotWaiting, waits.State)
	require.Equal(t, activities.SlotHeld, holds.State)
	require.True(t, holds.Request.Held, "so that a gate which it is sent to never evicts it")
	require.Equal(t, activities.SlotRequest{
		Job: status.Job, FirstRun: status.Run, Nonce: "nonce", Namespace: "docs",
		Priority: activities.Medium.Key(), StartedAt: status.StartedAt.UnixMilli(),
	}, waits.Request)
}

func TestMemosOfJobsThatEndEarly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*stage)
		want []string
	}{
		"dry run": {func(s *stage) { s.job.DryRun = true }, []string{"PENDING queued", "RUNNING planning", "COMPLETED planning"}},
		"refused": {
			func(s *stage) {
				s.before["Resolve"] = func(int) error { return hopeless(activities.CodeInvalidRequest, "no such model") }
			},
			[]string{"FAILED queued"},
		},
		"cancelled": {
			func(s *stage) { s.cancelAt("Prepare", 1, false) },
			[]string{"PENDING queued", "RUNNING planning", "RUNNING preparing", "CANCELLED preparing"},
		},
		"requeued": {
			func(s *stage) {
				s.before["Prepare"] = func(n int) error {
					if n == 1 {
						return hopeless(activities.CodeLeaseLost, "taken over")
					}
					return hopeless(activities.CodeConflict, "another table")
				}
			},
			[]string{
				"PENDING queued", "RUNNING planning", "RUNNING preparing", "PENDING queued", "RUNNING planning",
				"RUNNING preparing", "FAILED preparing",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			jobs, slots := s.memos()
			c.set(s)
			s.play()
			require.Equal(t, c.want, states(*jobs))
			last := (*jobs)[len(*jobs)-1]
			require.Equal(t, "docs", last.Namespace)
			require.Equal(t, "large", last.To)
			if name == "dry run" {
				require.True(t, last.DryRun)
				require.Empty(t, *slots, "a gate that recovers must not count it")
			}
		})
	}
}

// TestProgressWhileItCopies guards the progress query: numbers of the pass, its
// open ranges, rate and time left.
func TestProgressWhileItCopies(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Window = 1
	var got workflows.Progress
	s.before["SyncSegment"] = func(n int) error {
		if n != 2 && n != 3 { // the second range, at its first and second attempt
			return nil
		}
		s.env.RegisterDelayedCallback(func() {
			value, err := s.env.QueryWorkflow(workflows.QueryProgress)
			require.NoError(t, err)
			require.NoError(t, value.Get(&got))
		}, 500*time.Millisecond)
		return passing(activities.CodeUnavailable)
	}
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, workflows.Copying, got.Phase)
	require.Equal(t, 1, got.Pass)
	require.Equal(t, []int64{1000, 3000}, []int64{got.ItemsDone, got.ItemsTotal})
	require.Equal(t, []int{1, 3}, []int{got.RangesDone, got.RangesTotal})
	require.EqualValues(t, 3000, got.Totals.Written)
	require.Equal(t, []string{workflows.RangeID(status.Job, 1, activities.SyncForward, 2)}, got.OpenRanges)

	require.Empty(t, status.Progress.OpenRanges)
	require.Zero(t, status.Progress.ETASeconds)
	require.Equal(t, 3, status.Progress.Pass)
}

// TestRateAndTimeLeft guards what the progress bar shows.
func TestRateAndTimeLeft(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.job.Window = 1
	var got workflows.Progress
	s.before["SyncSegment"] = func(n int) error {
		switch {
		case n <= 4: // the first range takes 1+2+4+8 s
			return passing(activities.CodeUnavailable)
		case n == 6: // it is done, the second one waits
			s.env.RegisterDelayedCallback(func() { got = s.query().Progress }, 500*time.Millisecond)
			return passing(activities.CodeUnavailable)
		}
		return nil
	}
	require.Equal(t, workflows.Completed, s.play().State)
	require.InDelta(t, 1000.0/15, got.ItemsPerSecond, 1)
	require.InDelta(t, 30, got.ETASeconds, 1)
}
