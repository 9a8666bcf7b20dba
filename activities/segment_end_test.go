package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

// TestStoppedSegmentSaysWhatItDid guards the counts of a job that ends early:
// what a segment did until then was lost with its answer.
func TestStoppedSegmentSaysWhatItDid(t *testing.T) {
	t.Parallel()
	told := func(err error) (res activities.SegmentResult) {
		var app *temporal.ApplicationError
		var cancelled *temporal.CanceledError
		switch {
		case temporal.IsCanceledError(err):
			require.ErrorAs(t, err, &cancelled)
			require.NoError(t, cancelled.Details(&res))
		default:
			require.ErrorAs(t, err, &app)
			require.NoError(t, app.Details(&res))
		}
		return res
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.fill(3000)
		job := h.prepared()
		var cancel context.CancelCauseFunc
		h.faults.Add(faulty.Fault{Operation: "Upsert", Nth: 2, Do: func(ctx context.Context, _ faulty.Call) error {
			cancel(temporal.NewCanceledError())
			return ctx.Err()
		}})
		c := circumstances{under: func(ctx context.Context) context.Context {
			ctx, cancel = context.WithCancelCause(ctx)
			return ctx
		}}
		_, seen := h.segment(c.prepare, job, activities.SyncForward, "")
		require.True(t, temporal.IsCanceledError(seen), "%v", seen)
		n, err := h.generation(newer).Count(t.Context())
		require.NoError(t, err)
		require.Positive(t, n)
		require.Equal(t, n, told(seen).Counts.Written)
	})
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.fill(3000)
		job := h.prepared()
		h.faults.Add(faulty.Fault{Operation: "Embed", Nth: 150, Err: backends.ErrQuotaExhausted})
		_, err := h.segment(nil, job, activities.SyncForward, "")
		requireCode(t, err, activities.CodeQuotaExhausted)
		n, cerr := h.generation(newer).Count(t.Context())
		require.NoError(t, cerr)
		require.Positive(t, n)
		require.Equal(t, n, told(err).Counts.Written)
	})
}
