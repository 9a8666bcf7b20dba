package temporalmetrics

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/starter/devserver"
)

// sdkNames reads the names of all metrics out of the SDK that this module uses.
func sdkNames(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	path := filepath.Join(strings.TrimSpace(string(dir)), "internal", "common", "metrics", "constants.go")
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	require.NoError(t, err)
	pkg, err := new(types.Config).Check("metrics", files, []*ast.File{file}, nil)
	require.NoError(t, err)
	var names []string
	for _, name := range pkg.Scope().Names() {
		value := constant.StringVal(pkg.Scope().Lookup(name).(*types.Const).Val())
		if strings.HasPrefix(value, prefix) && value != prefix && value != "temporal_go" {
			names = append(names, value)
		}
	}
	return names
}

// A new version of the SDK may bring metrics: they are to be put into the table.
func TestEveryMetricOfTheSDKHasItsLabels(t *testing.T) {
	t.Parallel()
	names := sdkNames(t)
	require.Greater(t, len(names), 50)
	for _, name := range names {
		for _, suffix := range []string{"", "_attempt"} {
			_, known := labelsOf(name + suffix)
			require.Equal(t, suffix == "" || strings.Contains(name, "request"), known, name+suffix)
		}
	}
}

func TestNamesPassPromlint(t *testing.T) {
	t.Parallel()
	h, reg, reported := newHandler(t)
	for _, name := range sdkNames(t) {
		switch {
		case strings.HasSuffix(name, "_latency"):
			h.Timer(name).Record(time.Second)
		case strings.Contains(name, "slots_"), name == "temporal_num_pollers",
			name == "temporal_sticky_cache_size", name == "temporal_workflow_active_thread_count":
			h.Gauge(name).Update(1)
		default:
			h.Counter(name).Inc(1)
		}
	}
	require.Empty(t, *reported)
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	for _, p := range problems { // one documented name is not what promlint would have chosen
		require.Equal(t, "temporal_workflow_active_thread_count", p.Metric, p.Text)
	}
}

// strict complains of a tag that the handler under it would leave out.
type strict struct {
	client.MetricsHandler
	tags map[string]string
	*complaints
}

type complaints struct {
	mu   sync.Mutex
	seen map[string]bool // names of metrics
	bad  map[string]bool
}

func (s strict) WithTags(tags map[string]string) client.MetricsHandler {
	return strict{s.MetricsHandler.WithTags(tags), handler{tags: s.tags}.WithTags(tags).(handler).tags, s.complaints}
}

func (s strict) Counter(name string) client.MetricsCounter {
	s.check(name)
	return s.MetricsHandler.Counter(name)
}

func (s strict) Gauge(name string) client.MetricsGauge {
	s.check(name)
	return s.MetricsHandler.Gauge(name)
}

func (s strict) Timer(name string) client.MetricsTimer {
	s.check(name)
	return s.MetricsHandler.Timer(name)
}

func (s strict) check(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[name] = true
	labels, known := labelsOf(name)
	if !known {
		s.bad[name+" is in no table"] = true
	}
	for tag := range s.tags {
		found := false
		for _, l := range labels {
			found = found || l == tag
		}
		if !found {
			s.bad[fmt.Sprintf("%s has no label %s", name, tag)] = true
		}
	}
}

// The table against what the SDK really does: a workflow whose activities fail
// and succeed, one that panics, and requests that are refused.
func TestRealSDKLosesNoTag(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })

	panicked = sync.Once{}
	reg := prometheus.NewPedanticRegistry()
	c := &complaints{seen: map[string]bool{}, bad: map[string]bool{}}
	handler := New(reg, func(err error) { c.bad[err.Error()] = true })
	cl, err := server.Dial(client.Options{MetricsHandler: strict{handler, nil, c}})
	require.NoError(t, err)
	defer cl.Close()

	w := worker.New(cl, "q", worker.Options{})
	w.RegisterWorkflowWithOptions(tour, workflow.RegisterOptions{Name: "tour"})
	w.RegisterActivity(fails)
	w.RegisterActivity(succeeds)
	require.NoError(t, w.Start())
	stop := sync.OnceFunc(w.Stop)
	defer stop()

	run, err := cl.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "q"}, "tour")
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(ctx, nil), "as planned")
	_, err = cl.DescribeWorkflowExecution(ctx, "absent", "")
	require.Error(t, err)
	stop() // the last task's metrics come after the caller has its answer

	c.mu.Lock()
	defer c.mu.Unlock()
	require.Empty(t, c.bad)
	for _, name := range []string{
		"temporal_request_failure", "temporal_request_failure_attempt", "temporal_request_latency",
		"temporal_activity_execution_failed", "temporal_local_activity_execution_failed",
		"temporal_workflow_task_execution_failed", "temporal_workflow_failed", "temporal_num_pollers",
		"temporal_worker_task_slots_used", "temporal_activity_schedule_to_start_latency",
	} {
		require.True(t, c.seen[name], "the tour did not touch %s", name)
	}
	_, err = reg.Gather()
	require.NoError(t, err)
}

var panicked sync.Once

func tour(ctx workflow.Context) error {
	panicked.Do(func() { panic("once: the task fails and is tried again") })
	once := &temporal.RetryPolicy{MaximumAttempts: 1}
	remote := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: once})
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: once})
	if err := workflow.ExecuteActivity(remote, succeeds).Get(ctx, nil); err != nil {
		return err
	}
	if workflow.ExecuteActivity(remote, fails).Get(ctx, nil) == nil || workflow.ExecuteLocalActivity(local, fails).Get(ctx, nil) == nil {
		return errors.New("should have failed")
	}
	return errors.New("as planned")
}

func fails(context.Context) error    { return errors.New("fails") }
func succeeds(context.Context) error { return nil }
