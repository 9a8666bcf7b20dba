package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// StopTimeout is how long running activities may take to hand back what they
// have done; then they are cancelled.
const StopTimeout = 30 * time.Second

// heartbeatPace is how old a heartbeat may be before it is sent: cancellation
// and pause reach an activity only in the answers to heartbeats.
const heartbeatPace = 2 * time.Second

const (
	connectTimeout = 10 * time.Second
	firstRetry     = 500 * time.Millisecond
	lastRetry      = 15 * time.Second
	gateEvery      = 10 * time.Second
)

// options are common to the workers of all queues. fatal is called when Temporal
// refuses the worker for good, as after its namespace was deleted.
func options(fatal func(error)) sdk.Options {
	return sdk.Options{
		WorkerStopTimeout: StopTimeout, MaxHeartbeatThrottleInterval: heartbeatPace,
		DisableRegistrationAliasing: true, OnFatalError: fatal,
	}
}

// newWorkers makes the workers of the three task queues; none is started.
func newWorkers(c client.Client, a *activities.Activities, slots int, o sdk.Options) []sdk.Worker {
	jobs := sdk.New(c, workflows.TaskQueue, o)
	workflows.RegisterJobs(jobs, a)

	long := o
	long.MaxConcurrentActivityExecutionSize = slots
	long.DisableWorkflowWorker = true
	segments := sdk.New(c, workflows.SyncTaskQueue, long)
	workflows.RegisterSync(segments, a)

	gate := sdk.New(c, workflows.GateTaskQueue, o)
	workflows.RegisterGate(gate, a)
	return []sdk.Worker{jobs, segments, gate}
}

// startWorkers starts all or none.
func startWorkers(workers []sdk.Worker) error {
	for i, w := range workers {
		if err := w.Start(); err != nil {
			stopWorkers(workers[:i])
			return fmt.Errorf("start worker: %w", err)
		}
	}
	return nil
}

// stopWorkers returns when all have stopped: at once when nothing runs, at the
// latest after about StopTimeout.
func stopWorkers(workers []sdk.Worker) {
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(w.Stop)
	}
	all.Wait()
}

// connect dials Temporal and sees that the namespace is there: a worker of a
// namespace that is not would end at once.
func connect(ctx context.Context, o client.Options) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, err
	}
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("namespace %q: %w", o.Namespace, err)
	}
	return c, nil
}

// persist tries until it succeeds or the context ends, whose error it returns
// then. failed is told of each try in vain, and how long the next one waits.
func persist(ctx context.Context, try func(context.Context) error, failed func(error, time.Duration)) error {
	for delay := firstRetry; ; delay = min(2*delay, lastRetry) {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		failed(err, delay)
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// keepGate starts the gate where there is none, now and every gateEvery, until
// the context ends: a gate that somebody terminated would otherwise be missed
// only by the next job.
func keepGate(ctx context.Context, c client.Client, a *activities.Activities, log *slog.Logger) {
	start := activities.GateStart()
	start.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	tick := time.NewTicker(gateEvery)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, gateEvery)
		_, err := c.ExecuteWorkflow(once, start, activities.GateWorkflowName, a.Settings.NewGate())
		cancel()
		if err != nil && ctx.Err() == nil {
			log.Warn("the gate could not be looked after; trying again", "in", gateEvery, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
