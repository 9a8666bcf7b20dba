package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

func TestAcquireLease(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		looks []look // at the holder
		code  string // "": it is taken
	}{
		{"the holder lives", []look{{first: "h1", run: "h1", status: running}}, activities.CodeNamespaceBusy},
		{"the holder lives in a later run", []look{{first: "h1", run: "h9", status: running}}, activities.CodeNamespaceBusy},
		{"the holder has ended", []look{{first: "h1", status: terminated}}, ""},
		{"the holder is forgotten", nil, ""},
		{"another job has the holder's id", []look{{first: "h2", status: running}}, ""},
		{"nobody knows", []look{{err: serviceerror.NewUnavailable("down")}}, activities.CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.temporal.looks = map[string][]look{"holder": tt.looks}
			held, err := records.TakeLease(t.Context(), h.registry(), "docs", records.Lease{Job: "holder", Run: "h1"}, nil)
			require.NoError(t, err)
			epoch, err := run[int64](h, nil, h.acts.AcquireLease, activities.Job{ID: "job", Run: "first", Namespace: "docs"})
			if tt.code != "" {
				requireCode(t, err, tt.code)
				require.NoError(t, records.CheckLease(t.Context(), h.registry(), "docs", held.Epoch))
				return
			}
			require.NoError(t, err)
			require.Greater(t, epoch, held.Epoch)
			require.NoError(t, records.CheckLease(t.Context(), h.registry(), "docs", epoch))
		})
	}
}

func TestAcquireLeaseOfAFreeNamespace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := activities.Job{ID: "job", Run: "first", Namespace: "docs"}
	epoch, err := run[int64](h, nil, h.acts.AcquireLease, job)
	require.NoError(t, err)
	again, err := run[int64](h, nil, h.acts.AcquireLease, job)
	require.NoError(t, err, "an attempt whose answer was lost is repeated")
	require.Greater(t, again, epoch)

	_, err = run[int64](h, nil, h.acts.AcquireLease, activities.Job{ID: "job", Namespace: "docs"})
	requireCode(t, err, activities.CodeInvalidRequest)
}

// Two jobs that see the namespace free at once: one gets it, the other waits.
func TestAcquireLeaseLosesTheRace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.faults.Add(faulty.Fault{Role: "registry", Operation: "Put", Nth: 1, Do: func(ctx context.Context, _ faulty.Call) error {
		_, err := records.TakeLease(ctx, h.registry(), "docs", records.Lease{Job: "other", Run: "o"}, nil)
		return err
	}})
	_, err := run[int64](h, nil, h.acts.AcquireLease, activities.Job{ID: "job", Run: "first", Namespace: "docs"})
	requireCode(t, err, activities.CodeNamespaceBusy)
}

func TestReleaseLease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := h.job()
	for range 2 {
		_, err := run[any](h, nil, h.acts.ReleaseLease, job)
		require.NoError(t, err)
		_, err = records.GetLease(t.Context(), h.registry(), "docs")
		require.ErrorIs(t, err, backends.ErrNotFound)
	}
	old := h.job()
	h.stolen()
	_, err := run[any](h, nil, h.acts.ReleaseLease, old)
	require.NoError(t, err)
	l, err := records.GetLease(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, "thief", l.Job)

	h.faults.Add(faulty.Fault{Operation: "Delete", Err: backends.ErrUnavailable})
	_, err = run[any](h, nil, h.acts.ReleaseLease, old)
	requireCode(t, err, activities.CodeUnavailable)
}
