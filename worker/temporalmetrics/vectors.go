package temporalmetrics

import (
	"fmt"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// buckets of the timers, in seconds: from a request on loopback to a segment
// and to a job.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}

// New returns a handler whose metrics register themselves with reg when they
// are first used. report is told of a metric that can't be exported, once per
// name; nil: nobody is told.
func New(reg prometheus.Registerer, report func(error)) client.MetricsHandler {
	if report == nil {
		report = func(error) {}
	}
	return handler{vectors: &vectors{reg: reg, report: report, known: map[string]*vector{}}}
}

// vectors are the registered metrics.
type vectors struct {
	reg    prometheus.Registerer
	report func(error)

	mu    sync.RWMutex
	known map[string]*vector // by kind and exported name
}

// vector is a metric with its labels; one of the three is set, none when the
// metric could not be registered.
type vector struct {
	labels   []string
	counters *prometheus.CounterVec
	gauges   *prometheus.GaugeVec
	timers   *prometheus.HistogramVec
}

func (vs *vectors) counter(name string, tags map[string]string) prometheus.Counter {
	v := vs.vector("counter", withSuffix(name, "_total"), name, func(v *vector, exported string) prometheus.Collector {
		v.counters = prometheus.NewCounterVec(prometheus.CounterOpts{Name: exported, Help: help(name, "counter")}, v.labels)
		return v.counters
	})
	if v.counters == nil {
		return nil
	}
	return v.counters.WithLabelValues(v.values(tags)...)
}

func (vs *vectors) gauge(name string, tags map[string]string) prometheus.Gauge {
	v := vs.vector("gauge", name, name, func(v *vector, exported string) prometheus.Collector {
		v.gauges = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: exported, Help: help(name, "gauge")}, v.labels)
		return v.gauges
	})
	if v.gauges == nil {
		return nil
	}
	return v.gauges.WithLabelValues(v.values(tags)...)
}

func (vs *vectors) timer(name string, tags map[string]string) prometheus.Observer {
	v := vs.vector("timer", withSuffix(name, "_seconds"), name, func(v *vector, exported string) prometheus.Collector {
		v.timers = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: exported, Help: help(name, "timer") + ", in seconds", Buckets: buckets,
		}, v.labels)
		return v.timers
	})
	if v.timers == nil {
		return nil
	}
	return v.timers.WithLabelValues(v.values(tags)...)
}

// vector returns the metric that is exported under this name, and registers it
// at its first use.
func (vs *vectors) vector(kind, exported, name string, create func(*vector, string) prometheus.Collector) *vector {
	exported = sanitize(exported)
	key := kind + " " + exported
	vs.mu.RLock()
	v, ok := vs.known[key]
	vs.mu.RUnlock()
	if ok {
		return v
	}
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v, ok := vs.known[key]; ok {
		return v
	}
	v = &vector{}
	v.labels, _ = labelsOf(name)
	if err := vs.reg.Register(create(v, exported)); err != nil {
		v.counters, v.gauges, v.timers = nil, nil, nil
		vs.report(fmt.Errorf("metric %q of the Temporal SDK is not exported: %w", exported, err))
	}
	vs.known[key] = v
	return v
}

// values are the tags in the order of the labels.
func (v *vector) values(tags map[string]string) []string {
	values := make([]string, len(v.labels))
	for i, label := range v.labels {
		values[i] = tags[label]
	}
	return values
}

func withSuffix(name, suffix string) string {
	return strings.TrimSuffix(name, suffix) + suffix
}

func help(name, kind string) string {
	return fmt.Sprintf("The Temporal SDK's %s %s", kind, name)
}

// sanitize replaces what no name of a metric may have.
func sanitize(name string) string {
	valid := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}
	name = strings.Map(valid, name)
	if name == "" || (name[0] >= '0' && name[0] <= '9') {
		return "_" + name
	}
	return name
}
