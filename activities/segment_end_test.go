package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

// circumstances of an attempt that the test environment can't play otherwise.
type circumstances struct {
	interceptor.WorkerInterceptorBase
	attempt int32
	under   func(context.Context) context.Context
}

func (c circumstances) prepare(env *testsuite.TestActivityEnvironment) {
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&c}})
}

func (c *circumstances) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &circumstancedIn{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, c: c}
}

type circumstancedIn struct {
	interceptor.ActivityInboundInterceptorBase
	c *circumstances
}

func (i *circumstancedIn) Init(out interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&circumstancedOut{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}, c: i.c})
}

func (i *circumstancedIn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if i.c.under != nil {
		ctx = i.c.under(ctx)
	}
	return i.Next.ExecuteActivity(ctx, in)
}

type circumstancedOut struct {
	interceptor.ActivityOutboundInterceptorBase
	c *circumstances
}

func (o *circumstancedOut) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	if o.c.attempt > 0 {
		info.Attempt = o.c.attempt
	}
	return info
}

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
