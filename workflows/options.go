package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// heartbeatTimeout is short because it is also what a terminated job's work
// takes to notice: the gate waits that long before it hands the slot on.
const heartbeatTimeout = 12 * time.Second

// retryForever asks again until the job itself ends, except where asking again
// can't help. How long a job may be kept waiting is its own timeout's matter.
func retryForever(hopeless []string) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		NonRetryableErrorTypes: hopeless,
	}
}

func priorityOf(job Job) temporal.Priority {
	return temporal.Priority{PriorityKey: job.Priority.Key()}
}

// shortTimeout is what the death of a worker costs a short activity.
const shortTimeout = 20 * time.Second

// short is for activities that ask a registry or Temporal, answer at once, and
// send no heartbeats. What reads a store or asks a provider is long.
func short(ctx workflow.Context, job Job, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TaskQueue, StartToCloseTimeout: shortTimeout,
		RetryPolicy: retryForever(hopelessCodes), Priority: priorityOf(job), Summary: summary,
	})
}

// long is for activities that work for minutes or hours on the job's queue and
// send heartbeats. Their end is waited for also when they are cancelled.
func long(ctx workflow.Context, job Job, queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: queue, StartToCloseTimeout: 24 * time.Hour, HeartbeatTimeout: heartbeatTimeout,
		WaitForCancellation: true,
		RetryPolicy:         retryForever(hopelessCodes), Priority: priorityOf(job), Summary: summary,
	})
}

// segment is for the share of a range that one activity works on. It aims at
// half a minute; the bound is for one that is stuck although it sends heartbeats.
func segment(ctx workflow.Context, job Job, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: SyncTaskQueue, StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: heartbeatTimeout,
		WaitForCancellation: true,
		RetryPolicy:         retryForever(hopelessCodes), Priority: priorityOf(job), Summary: summary,
	})
}

// closingAttempts are spread over about four minutes.
const closingAttempts = 12

// closing is for what a job does when it has ended. It is bounded: a registry
// that is down must not keep a job from closing. By attempts, not by a
// ScheduleToCloseTimeout: of that the SDK makes a deadline from the server's
// clock, which a worker whose clock is ahead has always missed.
func closing(ctx workflow.Context, job Job, summary string) workflow.Context {
	retry := retryForever(hopelessCodes)
	retry.MaximumAttempts = closingAttempts
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TaskQueue, StartToCloseTimeout: 30 * time.Second,
		RetryPolicy: retry, Priority: priorityOf(job), Summary: summary,
	})
}

// announcing is for what follows the switch: bounded as what closes a job, but a
// hook may take its time.
func announcing(ctx workflow.Context, job Job, summary string) workflow.Context {
	retry := retryForever(hopelessCodes)
	retry.MaximumAttempts = closingAttempts
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TaskQueue, StartToCloseTimeout: 15 * time.Minute, HeartbeatTimeout: heartbeatTimeout,
		RetryPolicy: retry, Priority: priorityOf(job), Summary: summary,
	})
}

// askAttempts are spread over about a minute and a half.
const askAttempts = 8

// limited gives the activities of a context so many attempts: somebody waits for
// an answer, and can ask again.
func limited(ctx workflow.Context, attempts int32) workflow.Context {
	o := workflow.GetActivityOptions(ctx)
	retry := *o.RetryPolicy
	retry.MaximumAttempts = attempts
	o.RetryPolicy = &retry
	return workflow.WithActivityOptions(ctx, o)
}

// watching is for the gate's look at a job: as long as the job runs.
func watching(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: GateTaskQueue, StartToCloseTimeout: 24 * time.Hour, HeartbeatTimeout: heartbeatTimeout,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 10 * time.Second},
	})
}

// recovering is for the gate's look at all running jobs.
func recovering(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: GateTaskQueue, StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 10 * time.Second},
	})
}

// child is for a range: asked to stop when its job closes in whatever way, and
// waited for.
func child(ctx workflow.Context, job Job, id, summary string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: TaskQueue,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL, WaitForCancellation: true,
		Priority: priorityOf(job), StaticSummary: summary,
	})
}

// hopelessCodes are the errors of activities that no further attempt heals. That
// a living job holds the namespace is none: it is waited for.
var hopelessCodes = activities.NonRetryableCodes()
