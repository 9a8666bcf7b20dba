package temporalmetrics

import (
	"maps"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
)

// handler is a set of tags over the metrics that all handlers share.
type handler struct {
	*vectors
	tags map[string]string // never changed
}

var _ client.MetricsHandler = handler{}

// WithTags returns a handler that also has these tags; they win over the former ones.
func (h handler) WithTags(tags map[string]string) client.MetricsHandler {
	merged := make(map[string]string, len(h.tags)+len(tags))
	maps.Copy(merged, h.tags)
	for k, v := range tags {
		merged[k] = strings.ToValidUTF8(v, "\uFFFD")
	}
	return handler{vectors: h.vectors, tags: merged}
}

// Counter returns a counter. It never goes down: what is negative is left out.
func (h handler) Counter(name string) client.MetricsCounter {
	c := h.counter(name, h.tags)
	if c == nil {
		return client.MetricsNopHandler.Counter(name)
	}
	return counterFunc(func(n int64) {
		if n > 0 {
			c.Add(float64(n))
		}
	})
}

// Gauge returns a gauge.
func (h handler) Gauge(name string) client.MetricsGauge {
	g := h.gauge(name, h.tags)
	if g == nil {
		return client.MetricsNopHandler.Gauge(name)
	}
	return gaugeFunc(g.Set)
}

// Timer returns a histogram of seconds.
func (h handler) Timer(name string) client.MetricsTimer {
	t := h.timer(name, h.tags)
	if t == nil {
		return client.MetricsNopHandler.Timer(name)
	}
	return timerFunc(func(d time.Duration) { t.Observe(d.Seconds()) })
}

type (
	counterFunc func(int64)
	gaugeFunc   func(float64)
	timerFunc   func(time.Duration)
)

func (f counterFunc) Inc(n int64)          { f(n) }
func (f gaugeFunc) Update(v float64)       { f(v) }
func (f timerFunc) Record(d time.Duration) { f(d) }
