package worker_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// fill puts n items into the namespace docs, the last two with one text.
func fill(t *testing.T, file string, n int) {
	t.Helper()
	c, err := catalog.Load(file, os.LookupEnv, builtin.Drivers())
	require.NoError(t, err)
	world := catalog.NewWorld(c, catalog.Decorators{})
	source, err := world.Source(t.Context(), "docs")
	require.NoError(t, err)
	w, ok := backends.As[backends.ItemWriter](source)
	require.True(t, ok)
	items := make([]backends.Item, n)
	for i := range items {
		items[i] = backends.Item{ID: fmt.Sprint("id", i), Text: fmt.Sprint("canary text number ", min(i, n-2))}
	}
	require.NoError(t, w.PutItems(t.Context(), items))
	require.NoError(t, world.Close())
}

// The metrics of real jobs, and a log without a word of what was embedded.
func TestMetricsOfRealJobs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	file := catalogFile(t, hashing)
	fill(t, file, 25)
	w := start(t, append(server.Env(), "REEMBED_BATCH_SIZE=10"), "--catalog", file, "--log-level=debug")
	w.await(t, "working")

	c, err := server.Dial(client.Options{})
	require.NoError(t, err)
	defer c.Close()
	run := func(id string, r workflows.Request) error {
		j, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.ReembedWorkflowName, r)
		require.NoError(t, err)
		return j.Get(ctx, nil)
	}
	require.NoError(t, run("good", workflows.Request{Namespace: "docs", To: "small"}))
	require.Error(t, run("failed", workflows.Request{Namespace: "missing", To: "small"}))
	require.Error(t, run("refused", workflows.Request{Namespace: "docs", To: "unheard-of"}))

	_, metrics := w.get(t, "/metrics")
	shown := map[string]bool{}
	for line := range strings.SplitSeq(metrics, "\n") {
		shown[line] = true
	}
	for _, want := range []string{
		"reembed_jobs_completed_total 1", "reembed_jobs_failed_total 2",
		"reembed_items_reembedded_total 25", "reembed_batches_processed_total 3",
		`reembed_backend_call_items_total{operation="Upsert",role="generation"} 25`,
		`temporal_workflow_completed_total{activity_type="none",client_name="temporal_go",namespace="default",task_queue="reembed",worker_type="none",workflow_type="ReembedWorkflow"} 1`,
	} {
		require.True(t, shown[want], want)
	}
	require.NotContains(t, metrics+w.log.String(), "canary")
}
