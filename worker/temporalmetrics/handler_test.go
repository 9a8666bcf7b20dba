package temporalmetrics

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func newHandler(t *testing.T) (handler, *prometheus.Registry, *[]error) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	var reported []error
	return New(reg, func(err error) { reported = append(reported, err) }).(handler), reg, &reported
}

func TestNamesAndValues(t *testing.T) {
	t.Parallel()
	h, reg, reported := newHandler(t)
	tagged := h.WithTags(map[string]string{"namespace": "default", "task_queue": "none"}).WithTags(map[string]string{"task_queue": "reembed"})
	tagged.Counter("temporal_worker_start").Inc(2)
	tagged.Counter("temporal_worker_start").Inc(-1) // never down
	tagged.Counter("temporal_local_activity_total").Inc(1)
	tagged.Gauge("temporal_num_pollers").Update(5)
	tagged.Gauge("temporal_num_pollers").Update(4)
	tagged.Timer("temporal_request_latency").Record(70 * time.Millisecond)
	require.Empty(t, *reported)

	labels := `activity_type="",client_name="",namespace="default",%stask_queue="reembed",worker_type="",workflow_type=""`
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP temporal_worker_start_total The Temporal SDK's counter temporal_worker_start
# TYPE temporal_worker_start_total counter
temporal_worker_start_total{`+fmt.Sprintf(labels, "")+`} 2
# HELP temporal_local_activity_total The Temporal SDK's counter temporal_local_activity_total
# TYPE temporal_local_activity_total counter
temporal_local_activity_total{`+fmt.Sprintf(labels, "")+`} 1
# HELP temporal_num_pollers The Temporal SDK's gauge temporal_num_pollers
# TYPE temporal_num_pollers gauge
temporal_num_pollers{`+fmt.Sprintf(labels, `poller_type="",`)+`} 4
`), "temporal_worker_start_total", "temporal_local_activity_total", "temporal_num_pollers"))

	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "temporal_request_latency_seconds" {
			require.InDelta(t, 0.07, f.GetMetric()[0].GetHistogram().GetSampleSum(), 1e-9)
			return
		}
	}
	require.Fail(t, "the timer is not exported")
}

// Prometheus refuses two sets of labels under one name; the SDK does not mind.
func TestAnyTagsUnderOneName(t *testing.T) {
	t.Parallel()
	h, reg, reported := newHandler(t)
	for _, tags := range []map[string]string{
		nil,
		{},
		{"namespace": "a"},
		{"namespace": "a", "workflow_type": "W", "operation": "Poll"},
		{"something": "else", "with-dash": "x", "": "y"},
		{"namespace": "not \xff UTF-8"},
		{"failure_reason": "WorkflowError"},
	} {
		tagged := h.WithTags(tags)
		for _, name := range []string{"temporal_worker_start", "temporal_request_failure", "temporal_of_tomorrow", "mine", "7-odd.näme", ""} {
			tagged.Counter(name).Inc(1)
			tagged.Gauge(name).Update(1)
			tagged.Timer(name).Record(time.Second)
		}
	}
	require.Empty(t, *reported)
	_, err := reg.Gather()
	require.NoError(t, err)
}

func TestTwoKindsUnderOneName(t *testing.T) {
	t.Parallel()
	h, reg, reported := newHandler(t)
	h.Gauge("temporal_x_total").Update(1)
	for range 3 {
		h.Counter("temporal_x").Inc(1)
	}
	require.Len(t, *reported, 1)
	require.ErrorContains(t, (*reported)[0], "temporal_x_total")
	h.Timer("temporal_y").Record(time.Second)
	h.Gauge("temporal_y_seconds").Update(3)
	require.Len(t, *reported, 2)
	families, err := reg.Gather()
	require.NoError(t, err)
	require.Len(t, families, 2)
}

func TestNobodyNeedsToBeTold(t *testing.T) {
	t.Parallel()
	h := New(prometheus.NewRegistry(), nil)
	h.Gauge("temporal_x_total").Update(1)
	h.Counter("temporal_x").Inc(1)
}

// Run with -race: the SDK's pollers, tasks and clients share the handler.
func TestConcurrentFirstUse(t *testing.T) {
	t.Parallel()
	h, reg, reported := newHandler(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			tagged := h.WithTags(map[string]string{"task_queue": fmt.Sprint(i % 2)})
			for range 50 {
				tagged.Counter("temporal_request").Inc(1)
				tagged.Gauge("temporal_sticky_cache_size").Update(float64(i))
				tagged.Timer("temporal_request_latency").Record(time.Millisecond)
			}
		})
	}
	wg.Wait()
	require.Empty(t, *reported)
	var sum float64
	families, err := reg.Gather()
	require.NoError(t, err)
	require.Len(t, families, 3)
	for _, f := range families {
		if f.GetName() == "temporal_request_total" {
			require.Len(t, f.GetMetric(), 2)
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	require.InDelta(t, 16*50, sum, 0)
}
