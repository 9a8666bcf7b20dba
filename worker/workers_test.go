package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter/devserver"
)

func TestPersistWaitsLongerEachTimeUpToABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		var delays []time.Duration
		begun := time.Now()
		err := persist(t.Context(), func(context.Context) error {
			if tries++; tries == 9 {
				return nil
			}
			return errors.New("down")
		}, func(err error, d time.Duration) {
			require.ErrorContains(t, err, "down")
			delays = append(delays, d)
		})
		require.NoError(t, err)
		s := time.Second
		require.Equal(t, []time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 15 * s, 15 * s, 15 * s}, delays)
		require.Equal(t, 60*s+s/2, time.Since(begun))
	})
}

func TestPersistEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tries := 0
		err := persist(ctx, func(context.Context) error { tries++; return errors.New("down") }, func(error, time.Duration) {})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 4, tries)

		told := false
		err = persist(ctx, func(ctx context.Context) error { return ctx.Err() }, func(error, time.Duration) { told = true })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, told, "the end is no failure")
	})
}

// The defaults of the SDK would lose a segment's work at each stop, and tell a
// segment of a cancellation only after a minute.
func TestWorkerOptions(t *testing.T) {
	t.Parallel()
	o := options(nil)
	require.Equal(t, 30*time.Second, o.WorkerStopTimeout)
	require.Equal(t, 2*time.Second, o.MaxHeartbeatThrottleInterval)
}

// holding is an activity that hands back what it has done when its worker stops.
func holding(ctx context.Context, begun chan<- struct{}) (string, error) {
	begun <- struct{}{}
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return "handed back", nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Guards WorkerStopTimeout: with the SDK's default of zero the result of an
// activity that hands back is thrown away, and the work waits for a timeout.
func TestStopDeliversWhatRunningActivitiesHandBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	c, err := server.Dial(client.Options{})
	require.NoError(t, err)
	defer c.Close()

	begun := make(chan struct{}, 1)
	work := sdk.New(c, "work", options(nil))
	work.RegisterActivityWithOptions(func(ctx context.Context) (string, error) { return holding(ctx, begun) },
		activity.RegisterOptions{Name: "holding"})
	flow := sdk.New(c, "flow", options(nil))
	flow.RegisterWorkflowWithOptions(func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: "work", StartToCloseTimeout: time.Hour})
		var out string
		err := workflow.ExecuteActivity(ctx, "holding").Get(ctx, &out)
		return out, err
	}, workflow.RegisterOptions{Name: "hold"})
	require.NoError(t, startWorkers([]sdk.Worker{work, flow}))
	defer flow.Stop()

	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "flow"}, "hold")
	require.NoError(t, err)
	<-begun
	stopWorkers([]sdk.Worker{work})
	var out string
	require.NoError(t, run.Get(ctx, &out))
	require.Equal(t, "handed back", out)
}

// A namespace that is not there yet is waited for, like a server that is down.
func TestNamespaceThatComesLater(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })

	_, err = connect(ctx, client.Options{HostPort: server.Address(), Namespace: "later", Logger: sdklog.NewStructuredLogger(quiet)})
	require.ErrorContains(t, err, `namespace "later"`)

	p := newProcess("test", Config{}.WithDefaults(), &catalog.Catalog{},
		client.Options{HostPort: server.Address(), Namespace: "later"}, newSecrets(nil), quiet)
	code := make(chan int, 1)
	working, stop := context.WithCancel(ctx)
	defer stop()
	go func() { code <- p.work(working, nil) }()

	c, err := server.Dial(client.Options{Logger: sdklog.NewStructuredLogger(quiet)})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: "later", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.askTemporal(ctx) == nil }, time.Minute, 50*time.Millisecond)

	stop()
	require.Equal(t, ExitStopped, <-code)
}

// What can't get better ends the worker with an exit code that says so; the SDK
// reports a lost namespace after two minutes of trying.
func TestBreakageEndsTheWorker(t *testing.T) {
	t.Parallel()
	port, err := devserver.FreePort()
	require.NoError(t, err)
	unreachable := client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", port), Namespace: "default"}
	for name, breakIt := range map[string]func(p *process, http chan error){
		"the HTTP server":     func(_ *process, http chan error) { http <- errors.New("broken") },
		"a worker of the SDK": func(p *process, _ chan error) { options(p.end).OnFatalError(errors.New("refused")) },
		"all three workers": func(p *process, _ chan error) {
			for range 3 {
				options(p.end).OnFatalError(errors.New("refused"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProcess("test", Config{}.WithDefaults(), &catalog.Catalog{}, unreachable, newSecrets(nil), quiet)
			http := make(chan error, 1)
			breakIt(p, http)
			require.Equal(t, ExitBroken, p.work(t.Context(), http))
			require.False(t, p.health.check(t.Context()).Ready)
		})
	}
}
