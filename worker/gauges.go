package worker

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reembed/reembed/activities"
)

const (
	// gateFresh is for how long an answer of the gate, or its silence, is
	// exported before it is asked again.
	gateFresh   = 3 * time.Second
	gateTimeout = 2 * time.Second // under the scrape timeouts in use
)

// jobGauges are the numbers of active and queued jobs of the whole fleet, as the
// gate knows them. While it can't be asked the gauges are absent - an old number
// would be a lie - and reembed_gate_scrape_errors_total grows.
type jobGauges struct {
	ask            func(context.Context) (activities.GateState, error)
	active, queued *prometheus.Desc
	errors         prometheus.Counter

	mu     sync.Mutex
	asked  time.Time
	answer *activities.GateState // nil: the gate could not be asked
}

func newJobGauges(ask func(context.Context) (activities.GateState, error)) *jobGauges {
	return &jobGauges{
		ask:    ask,
		active: prometheus.NewDesc(metricActive, "Jobs that hold a slot, in the whole fleet: use max(), not sum().", nil, nil),
		queued: prometheus.NewDesc(metricQueued, "Jobs that wait for a slot, in the whole fleet: use max(), not sum().", nil, nil),
		errors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "reembed_gate_scrape_errors_total", Help: "Times that the gate could not be asked for the numbers of jobs.",
		}),
	}
}

// Describe implements prometheus.Collector.
func (g *jobGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- g.active
	ch <- g.queued
	g.errors.Describe(ch)
}

// Collect asks the gate, at most once in gateFresh.
func (g *jobGauges) Collect(ch chan<- prometheus.Metric) {
	if state := g.state(); state != nil {
		ch <- prometheus.MustNewConstMetric(g.active, prometheus.GaugeValue, float64(len(state.Holders)))
		ch <- prometheus.MustNewConstMetric(g.queued, prometheus.GaugeValue, float64(len(state.Waiting)))
	}
	g.errors.Collect(ch)
}

func (g *jobGauges) state() *activities.GateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.asked.IsZero() && time.Since(g.asked) < gateFresh {
		return g.answer
	}
	ctx, cancel := context.WithTimeout(context.Background(), gateTimeout)
	defer cancel()
	state, err := g.ask(ctx)
	g.answer = &state
	if err != nil {
		g.answer = nil
		g.errors.Inc()
	}
	g.asked = time.Now()
	return g.answer
}
