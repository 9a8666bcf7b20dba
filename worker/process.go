package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/observed"
	"github.com/reembed/reembed/backends/weighed"
	"github.com/reembed/reembed/worker/temporalmetrics"
)

var errNotConnected = errors.New("not connected yet")

// process is a worker with all its parts.
type process struct {
	config   Config
	temporal client.Options
	log      *slog.Logger
	world    *catalog.World
	metrics  *metrics
	registry *prometheus.Registry
	health   *health
	link     state // of the connection to Temporal
	client   atomic.Pointer[client.Client]
	gate     sync.WaitGroup // who looks after it
	fatal    chan error     // see end

	interceptors []interceptor.WorkerInterceptor
}

func newProcess(version string, c Config, cat *catalog.Catalog, temporal client.Options, s *secrets, log *slog.Logger) *process {
	p := &process{config: c, temporal: temporal, log: log, registry: prometheus.NewRegistry(), fatal: make(chan error, 1)}
	p.metrics = newMetrics(p.registry, version)
	p.registry.MustRegister(newJobGauges(p.askGate))
	p.world = catalog.NewWorld(cat, observing(p.metrics, c.room()))
	p.link.set(errNotConnected)
	p.health = &health{
		checks: append([]check{{"temporal", p.askTemporal}}, registries(p.world)...),
		redact: s.redact,
	}
	p.temporal.Logger = sdklog.NewStructuredLogger(log)
	p.temporal.MetricsHandler = temporalmetrics.New(p.registry, func(err error) {
		log.Warn("a metric is missing", "error", err)
	})
	log.Info("reembed-worker", "version", version, "catalog", cat.File,
		"temporal", temporal.HostPort, "namespace", temporal.Namespace, "slots", c.SyncSlots)
	return p
}

// observing are decorators that tell o of every call of a backend, of embedders
// once there is room for it.
func observing(o observed.Observer, room *weighed.Room) catalog.Decorators {
	return catalog.Decorators{
		Source:   func(_ string, s backends.Source) backends.Source { return observed.Source(s, o) },
		Index:    func(_ string, i backends.Index) backends.Index { return observed.Index(i, o) },
		Embedder: func(_ string, e backends.Embedder) backends.Embedder { return room.Embedder(observed.Embedder(e, o)) },
		Registry: func(r backends.Registry) backends.Registry { return observed.Registry(r, o) },
	}
}

// run serves and works until the context ends or something breaks.
func (p *process) run(ctx context.Context, l listeners) int {
	p.config.limitHeap()
	broken := make(chan error, 2) // one of each server
	servers := []*server{serve(l.http, routes(p.registry, p.health, p.log), broken, p.log)}
	p.log.Info("serving metrics and health", "address", l.http.Addr().String())
	if l.pprof != nil {
		servers = append(servers, serve(l.pprof, profiles(), broken, p.log))
		p.log.Info("serving profiles", "address", l.pprof.Addr().String())
	}
	code := p.work(ctx, broken)
	closing := []error{p.world.Close()}
	for _, s := range servers {
		closing = append(closing, s.close())
	}
	if err := errors.Join(closing...); err != nil {
		p.log.Error("not everything was closed", "error", err)
		code = max(code, ExitBroken)
	}
	p.log.Info("stopped", "code", code)
	return code
}

// work connects and works, and has stopped all workers when it returns.
func (p *process) work(ctx context.Context, broken <-chan error) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := make(chan []sdk.Worker, 1)
	go func() { began <- p.begin(ctx) }()
	code := ExitStopped
	select {
	case <-ctx.Done():
	case err := <-broken:
		p.log.Error("the HTTP server broke", "error", err)
		code = ExitBroken
	case err := <-p.fatal:
		p.log.Error("Temporal ended the worker", "error", err)
		code = ExitBroken
	}
	p.health.stopping.Store(true)
	cancel()
	stopWorkers(<-began)
	p.gate.Wait()
	if c := p.client.Load(); c != nil {
		(*c).Close()
	}
	return code
}

// begin tries until the workers run, and returns them; none when the context
// ended before.
func (p *process) begin(ctx context.Context) []sdk.Worker {
	var workers []sdk.Worker
	try := func(ctx context.Context) error {
		c, err := connect(ctx, p.temporal)
		if err != nil {
			return err
		}
		a := &activities.Activities{World: p.world, Temporal: c, Settings: p.config.settings(), Observer: p.metrics}
		workers = newWorkers(c, a, p.config.SyncSlots, p.options())
		if err := startWorkers(workers); err != nil {
			c.Close()
			return err
		}
		p.client.Store(&c)
		p.gate.Go(func() { keepGate(ctx, c, a, p.log) })
		return nil
	}
	err := persist(ctx, try, func(err error, delay time.Duration) {
		p.link.set(err)
		p.log.Warn("Temporal can't be used; trying again", "temporal", p.temporal.HostPort,
			"namespace", p.temporal.Namespace, "in", delay, "error", err)
	})
	if err != nil {
		return nil
	}
	p.link.set(nil)
	p.log.Info("working")
	return workers
}

func (p *process) options() sdk.Options {
	o := options(p.end)
	o.Interceptors = p.interceptors
	return o
}

// end takes what the SDK can't go on after; the first one ends the worker.
func (p *process) end(err error) {
	select {
	case p.fatal <- err:
	default:
	}
}

func (p *process) askTemporal(ctx context.Context) error {
	if err := p.link.get(); err != nil {
		return err
	}
	_, err := (*p.client.Load()).CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

func (p *process) askGate(ctx context.Context) (activities.GateState, error) {
	var state activities.GateState
	c := p.client.Load()
	if c == nil {
		return state, errNotConnected
	}
	answer, err := (*c).QueryWorkflow(ctx, activities.GateID, "", activities.QueryGate)
	if err != nil {
		return state, err
	}
	err = answer.Get(&state)
	return state, err
}
