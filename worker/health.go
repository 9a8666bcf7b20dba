package worker

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reembed/reembed/backends/catalog"
)

// checkTimeout bounds each part of a readiness check: under the timeouts that
// probes have.
const checkTimeout = 2 * time.Second

// check asks one part of what a worker needs.
type check struct {
	name string
	ask  func(context.Context) error
}

// health answers whether the worker can work now.
type health struct {
	stopping atomic.Bool
	checks   []check
	redact   func(string) string
}

// readiness is the body of /readyz.
type readiness struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // "ok", or what is wrong
}

// check asks all parts at once.
func (h *health) check(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	answers := make(chan [2]string, len(h.checks))
	for _, c := range h.checks {
		go func() {
			answer := "ok"
			if err := c.ask(ctx); err != nil {
				answer = h.redact(err.Error())
			}
			answers <- [2]string{c.name, answer}
		}()
	}
	report := readiness{Ready: true, Checks: map[string]string{}}
	for _, c := range h.checks {
		report.Checks[c.name] = "no answer in time"
	}
	for range h.checks {
		select {
		case a := <-answers:
			report.Checks[a[0]] = a[1]
			continue
		case <-ctx.Done(): // a driver that does not heed its context must not hold a probe
		}
		break
	}
	if h.stopping.Load() {
		report.Checks["worker"] = "is stopping"
	}
	for _, answer := range report.Checks {
		report.Ready = report.Ready && answer == "ok"
	}
	return report
}

// registries are the checks of all registries that the catalog's namespaces
// use, one for each store.
func registries(world *catalog.World) []check {
	byStore := map[string]string{} // store -> a namespace that keeps its records there
	c := world.Catalog()
	for _, name := range slices.Sorted(maps.Keys(c.Namespaces)) {
		store := c.Registry
		if store == "" {
			store = c.Namespaces[name].Store
		}
		if _, ok := byStore[store]; !ok {
			byStore[store] = name
		}
	}
	var checks []check
	for _, store := range slices.Sorted(maps.Keys(byStore)) {
		checks = append(checks, check{"registry " + store, func(ctx context.Context) error {
			r, err := world.Registry(ctx, byStore[store])
			if err != nil {
				return err
			}
			return r.Ping(ctx)
		}})
	}
	return checks
}

// state is a part of the worker whose readiness is set from elsewhere.
type state struct {
	mu  sync.Mutex
	err error
}

func (s *state) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *state) get() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
