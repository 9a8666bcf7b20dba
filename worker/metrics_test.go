package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

func TestCounters(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m := newMetrics(reg, "v1 (test)")
	for _, state := range []string{"COMPLETED", "COMPLETED", "FAILED", "CANCELLED", ""} {
		m.JobEnded(state)
	}
	m.Synced(activities.Counts{Requests: 3, Embedded: 10, Shared: 2, Written: 11, PayloadOnly: 5, Deleted: 7})
	m.Synced(activities.Counts{Requests: 1, Written: 1})
	m.Observe("embedder", "Embed", 100, 70*time.Millisecond, nil)
	m.Observe("embedder", "Embed", 100, time.Second, &backends.ThrottledError{Err: errors.New("429")})

	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP reembed_backend_call_items_total Texts, ids and records that calls to backends were given, or that pages returned.
# TYPE reembed_backend_call_items_total counter
reembed_backend_call_items_total{operation="Embed",role="embedder"} 200
# HELP reembed_batches_processed_total Embedding requests that were answered to this worker.
# TYPE reembed_batches_processed_total counter
reembed_batches_processed_total 4
# HELP reembed_build_info 1, labelled with the build that runs.
# TYPE reembed_build_info gauge
reembed_build_info{version="v1 (test)"} 1
# HELP reembed_items_reembedded_total Records that this worker wrote with a new vector.
# TYPE reembed_items_reembedded_total counter
reembed_items_reembedded_total 12
# HELP reembed_jobs_completed_total Jobs whose end as COMPLETED this worker recorded.
# TYPE reembed_jobs_completed_total counter
reembed_jobs_completed_total 2
# HELP reembed_jobs_failed_total Jobs whose end as FAILED this worker recorded; cancelled ones are neither.
# TYPE reembed_jobs_failed_total counter
reembed_jobs_failed_total 1
`), metricCompleted, metricFailed, metricBatches, metricItems, "reembed_build_info", "reembed_backend_call_items_total"))
	require.Equal(t, 2, testutil.CollectAndCount(m.calls), "one series for each outcome")
	require.True(t, m.calls.DeleteLabelValues("embedder", "Embed", "throttled"))
	require.True(t, m.calls.DeleteLabelValues("embedder", "Embed", "ok"))
}

func TestMetricsPassPromlint(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m := newMetrics(reg, "v1")
	m.Observe("source", "ReadPage", 1, time.Millisecond, nil)
	reg.MustRegister(newJobGauges(func(context.Context) (activities.GateState, error) { return activities.GateState{}, nil }))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// gaugesText is what the gauges export now.
func gaugesText(t *testing.T, g *jobGauges) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(g)
	families, err := reg.Gather()
	require.NoError(t, err)
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.GetMetric() {
			b.WriteString(f.GetName() + " " + strings.Join(strings.Fields(m.String()), " ") + "\n")
		}
	}
	return b.String()
}

func TestGaugesComeFromTheGateAndAreNeverStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var broken error
		state := activities.GateState{Holders: make([]activities.SlotRequest, 3), Waiting: make([]activities.SlotRequest, 2)}
		g := newJobGauges(func(context.Context) (activities.GateState, error) {
			asked++
			return state, broken
		})
		first := gaugesText(t, g)
		require.Contains(t, first, "reembed_jobs_active gauge:{value:3}")
		require.Contains(t, first, "reembed_jobs_queued gauge:{value:2}")

		state.Waiting = nil
		require.Equal(t, first, gaugesText(t, g), "within the cache's time")
		require.Equal(t, 1, asked)

		time.Sleep(gateFresh) // the bubble's clock
		require.Contains(t, gaugesText(t, g), "reembed_jobs_queued gauge:{value:0}")
		require.Equal(t, 2, asked)

		broken = errors.New("no gate")
		time.Sleep(gateFresh)
		for range 3 {
			text := gaugesText(t, g)
			require.NotContains(t, text, "reembed_jobs_")
			require.Contains(t, text, "reembed_gate_scrape_errors_total counter:{value:1 ")
		}
		require.Equal(t, 3, asked, "a gate that is down is not asked by every scrape")

		broken = nil
		time.Sleep(gateFresh)
		require.Contains(t, gaugesText(t, g), "reembed_jobs_active gauge:{value:3}")
	})
}

func TestGaugesDoNotHoldAScrape(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newJobGauges(func(ctx context.Context) (activities.GateState, error) {
			<-ctx.Done()
			return activities.GateState{}, ctx.Err()
		})
		begun := time.Now()
		require.NotContains(t, gaugesText(t, g), "reembed_jobs_")
		require.Equal(t, gateTimeout, time.Since(begun))
	})
}
