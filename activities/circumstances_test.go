package activities_test

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
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
		info.Attempt, info.ActivityID = o.c.attempt, "this"
	}
	return info
}
