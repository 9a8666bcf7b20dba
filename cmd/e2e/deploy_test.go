package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// discarded is what the SDK says in this process.
var discarded = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

// newerSchema is one that no build of today has.
const newerSchema = 1000

// newerState is what a later build carries on: a schema that this one does not read.
type newerState struct {
	Version int               `json:"version"`
	State   workflows.Carried `json:"state"`
}

// newerJob is the job's workflow as a later build has it: it remembers the same
// in another form, and goes on where the older build has its workers too.
func newerJob(ctx workflow.Context, request json.RawMessage, state *newerState) (workflows.Status, error) {
	var carried *workflows.Carried
	if state != nil {
		carried = &state.State
	}
	status, err := workflows.ReembedWorkflow(ctx, request, carried)
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) {
		return status, err
	}
	var now workflows.Carried
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &request, &now); err != nil {
		return status, err
	}
	return status, workflow.NewContinueAsNewError(workflow.WithWorkflowTaskQueue(ctx, workflows.TaskQueue),
		workflows.ReembedWorkflowName, request, newerState{Version: newerSchema, State: now})
}

// newerBuild runs workflows of a later build in this process, without activities.
func (r *rig) newerBuild(c client.Client, queue string) worker.Worker {
	r.t.Helper()
	w := worker.New(c, queue, worker.Options{LocalActivityWorkerOnly: true})
	w.RegisterWorkflowWithOptions(newerJob, workflow.RegisterOptions{Name: workflows.ReembedWorkflowName})
	w.RegisterWorkflowWithOptions(workflows.SyncRangeWorkflow, workflow.RegisterOptions{Name: workflows.SyncRangeWorkflowName})
	require.NoError(r.t, w.Start())
	r.t.Cleanup(w.Stop)
	return w
}

// activities are a worker's, over the rig's catalog.
func (r *rig) activities(c client.Client) *activities.Activities {
	r.t.Helper()
	cat, err := catalog.Load(filepath.Join(r.dir, "reembed.yaml"), os.LookupEnv, builtin.Drivers())
	require.NoError(r.t, err)
	world := catalog.NewWorld(cat, catalog.Decorators{})
	r.t.Cleanup(func() { require.NoError(r.t, world.Close()) })
	return &activities.Activities{World: world, Temporal: c}
}

// activityWorkers serve the activities of all queues, and the gate.
func (r *rig) activityWorkers(c client.Client) {
	r.t.Helper()
	a := r.activities(c)
	for _, queue := range []string{workflows.TaskQueue, workflows.SyncTaskQueue, workflows.GateTaskQueue} {
		gate := queue == workflows.GateTaskQueue
		w := worker.New(c, queue, worker.Options{DisableWorkflowWorker: !gate})
		if gate {
			workflows.RegisterGate(w, a)
		} else {
			w.RegisterActivity(a)
		}
		require.NoError(r.t, w.Start())
		r.t.Cleanup(w.Stop)
	}
}

// awaitEvent waits for an event of the job, over all its runs.
func (r *rig) awaitEvent(c client.Client, job string, want enumspb.EventType) *historypb.HistoryEvent {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for run := ""; ; {
		events := c.GetWorkflowHistory(ctx, job, run, true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		var last *historypb.HistoryEvent
		for events.HasNext() {
			var err error
			last, err = events.Next()
			require.NoError(r.t, err)
			if last.GetEventType() == want {
				return last
			}
		}
		run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
		require.NotEmpty(r.t, run, "the job ended without %s", want)
	}
}

// TestOlderWorkerLeavesNewerJobsAlone plays a deploy: a job that a newer worker
// carried on comes to an older one. That failed the job. Now it fails the
// workflow task, and a newer worker goes on.
func TestOlderWorkerLeavesNewerJobsAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 300, env: []string{"REEMBED_CONTINUE_AFTER=40"}})
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	older := r.worker()
	const newerQueue = "reembed-newer"
	first := r.newerBuild(c, newerQueue)
	job := starter.Handle{ID: "deployed"}
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: job.ID, TaskQueue: newerQueue},
		workflows.ReembedWorkflowName, workflows.Request{Namespace: "docs", To: "large"})
	require.NoError(t, err)

	failed := r.awaitEvent(c, job.ID, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED).GetWorkflowTaskFailedEventAttributes()
	require.Equal(t, enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE, failed.GetCause())
	require.Contains(t, failed.GetFailure().GetMessage(), "this worker is too old for the job")
	first.Stop()
	out, code := r.tryReembed("status", job.ID)
	require.Equal(t, 4, code, out)
	require.Contains(t, out, "workers fail at the job's own tasks")
	require.Equal(t, "small", r.route("docs").Model)

	require.NoError(t, older.Kill())
	r.activityWorkers(c)
	r.newerBuild(c, workflows.TaskQueue)
	r.complete(job, "docs")
}

// TestActivityOfANewerBuildFindsItsWorker plays a deploy in which an older worker
// takes an activity that it has not: it is tried again until a newer one takes it.
func TestActivityOfANewerBuildFindsItsWorker(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 50})
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	older := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.RegisterJobs(without{older, "Plan"}, r.activities(c))
	gate := worker.New(c, workflows.GateTaskQueue, worker.Options{})
	workflows.RegisterGate(gate, r.activities(c))
	for _, w := range []worker.Worker{older, gate} {
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.await(job, "an activity that nobody has", func(s workflows.Status) bool { return s.LastError != "" })
	require.Contains(t, s.LastError, "unable to find activityType=Plan")
	older.Stop()
	gate.Stop()
	r.worker()
	r.complete(job, "docs")
}

// without registers all but one activity.
type without struct {
	worker.Worker
	activity string
}

func (w without) RegisterActivity(a any) {
	name := runtime.FuncForPC(reflect.ValueOf(a).Pointer()).Name()
	if strings.HasSuffix(name, "."+w.activity+"-fm") {
		return
	}
	w.Worker.RegisterActivity(a)
}
