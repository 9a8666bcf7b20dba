package worker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/observed"
)

// Names of the metrics that are a public contract. None has labels: namespaces
// may be thousands.
const (
	metricCompleted = "reembed_jobs_completed_total"
	metricFailed    = "reembed_jobs_failed_total"
	metricActive    = "reembed_jobs_active"
	metricQueued    = "reembed_jobs_queued"
	metricBatches   = "reembed_batches_processed_total"
	metricItems     = "reembed_items_reembedded_total"
)

// callBuckets are in seconds: from a lookup in a local file to a large
// embedding request.
var callBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// metrics are what this worker counts.
type metrics struct {
	completed, failed, batches, items prometheus.Counter
	calls                             *prometheus.HistogramVec
	callItems                         *prometheus.CounterVec
}

var (
	_ activities.Observer = (*metrics)(nil)
	_ observed.Observer   = (*metrics)(nil)
)

// newMetrics registers all counters with reg, beside those of the Go runtime
// and of the process.
func newMetrics(reg prometheus.Registerer, version string) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		completed: counter(metricCompleted, "Jobs whose end as COMPLETED this worker recorded."),
		failed:    counter(metricFailed, "Jobs whose end as FAILED this worker recorded; cancelled ones are neither."),
		batches:   counter(metricBatches, "Embedding requests that were answered to this worker."),
		items:     counter(metricItems, "Records that this worker wrote with a new vector."),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reembed_backend_call_duration_seconds", Buckets: callBuckets,
			Help: "Duration of calls to sources, indexes, generations, embedders and registries.",
		}, []string{"role", "operation", "outcome"}),
		callItems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reembed_backend_call_items_total",
			Help: "Texts, ids and records that calls to backends were given, or that pages returned.",
		}, []string{"role", "operation"}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "reembed_build_info", Help: "1, labelled with the build that runs.",
		ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	reg.MustRegister(m.completed, m.failed, m.batches, m.items, m.calls, m.callItems, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// JobEnded counts a job's end. A cancelled job did what it was asked to: it is
// neither completed nor failed. Of dry runs nobody tells: they did nothing.
func (m *metrics) JobEnded(state string) {
	switch state {
	case "COMPLETED":
		m.completed.Inc()
	case "FAILED":
		m.failed.Inc()
	}
}

// Synced counts what a segment did. An item is re-embedded when its record is
// written with a new vector, whether it was embedded itself or took the vector
// of an equal text; a vector that was paid for but not written is not counted.
func (m *metrics) Synced(c activities.Counts) {
	m.batches.Add(float64(max(0, c.Requests)))
	m.items.Add(float64(max(0, c.Written)))
}

// Observe counts a call of a backend.
func (m *metrics) Observe(role, operation string, items int, took time.Duration, err error) {
	m.calls.WithLabelValues(role, operation, observed.Class(err)).Observe(took.Seconds())
	m.callItems.WithLabelValues(role, operation).Add(float64(max(0, items)))
}
