package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reembed/reembed/backends"
)

// ReaderOptions say how far a [Reader] may lag behind the registry. The zero
// value of each has a default.
type ReaderOptions struct {
	// MaxAge is how long a route is answered without asking the registry again. 5 s.
	MaxAge time.Duration
	// Patience is how long a caller waits for the registry where an older answer
	// is at hand. 100 ms.
	Patience time.Duration
	// Timeout bounds one question to the registry. 5 s.
	Timeout time.Duration
}

func (o ReaderOptions) withDefaults() ReaderOptions {
	o.MaxAge = cmp.Or(o.MaxAge, 5*time.Second)
	o.Patience = cmp.Or(o.Patience, 100*time.Millisecond)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	return o
}

// Answer is a route with how much it is worth.
type Answer struct {
	Route
	Age time.Duration // since the registry said so
	// Err is why the answer is older than MaxAge; nil for one that is not. An old
	// answer still finds: nothing drops a former generation by itself.
	Err error
}

// Reader answers where namespaces are searched, from a cache: the way in for
// applications. Embed the query with the answer's Model and search it at its
// Locator, both of one Answer. It is safe for concurrent use, and keeps
// answering while the registry is away.
type Reader struct {
	reg backends.Registry
	o   ReaderOptions

	mu    sync.Mutex
	known map[string]*cached // one for each namespace that was ever asked for
}

// cached is what is known of one namespace.
type cached struct {
	route  Route // Version 0: none
	seen   time.Time
	tried  time.Time // when the last question ended, well or badly
	err    error     // of the last question
	flight *flight   // the question that is under way
}

// flight is one question to the registry, with all who wait for it.
type flight struct {
	done  chan struct{}
	route Route
	err   error
}

// NewReader asks nothing yet.
func NewReader(reg backends.Registry, o ReaderOptions) *Reader {
	return &Reader{reg: reg, o: o.withDefaults(), known: map[string]*cached{}}
}

// Current returns the namespace's route. It asks the registry when the known
// one is older than MaxAge, once for all callers. Where the registry does not
// answer, an older route is returned with its age and the reason; without one,
// the registry's error. ErrNotFound when nothing was ever switched to.
func (r *Reader) Current(ctx context.Context, namespace string) (Answer, error) {
	r.mu.Lock()
	c := r.of(namespace)
	if c.route.Version > 0 && time.Since(c.tried) < r.o.MaxAge {
		defer r.mu.Unlock()
		return c.answer(r.o.MaxAge), nil
	}
	f, old := r.ask(ctx, namespace, c), c.route.Version > 0
	r.mu.Unlock()

	var enough <-chan time.Time
	if old {
		timer := time.NewTimer(r.o.Patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-f.done:
		if f.err != nil && (!old || errors.Is(f.err, backends.ErrNotFound)) {
			return Answer{}, f.err
		}
	case <-enough:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("route of namespace %q: %w", namespace, context.Cause(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.route.Version == 0 { // went away between
		return Answer{}, fmt.Errorf("route of namespace %q: %w", namespace, backends.ErrNotFound)
	}
	return c.answer(r.o.MaxAge), nil
}

// Refresh asks the registry now, whatever is known: after a search that failed
// with ErrNotFound, for one. What it learns is answered to everyone.
func (r *Reader) Refresh(ctx context.Context, namespace string) (Route, error) {
	r.mu.Lock()
	c := r.of(namespace)
	for c.flight != nil { // that question may have been asked before the caller's reason came up
		f := c.flight
		r.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return Route{}, fmt.Errorf("route of namespace %q: %w", namespace, context.Cause(ctx))
		}
		r.mu.Lock()
	}
	f := r.ask(ctx, namespace, c)
	r.mu.Unlock()
	select {
	case <-f.done:
		return f.route, f.err
	case <-ctx.Done():
		return Route{}, fmt.Errorf("route of namespace %q: %w", namespace, context.Cause(ctx))
	}
}

// Watch calls changed with the route that there is, and then with each other one
// that it sees, by asking once in each MaxAge. It blocks until ctx ends, and
// returns its cause. A registry that does not answer only delays it.
func (r *Reader) Watch(ctx context.Context, namespace string, changed func(Route)) error {
	every := time.NewTicker(r.o.MaxAge)
	defer every.Stop()
	var last Route
	for {
		if now, err := r.Refresh(ctx, namespace); err == nil && now.Version > last.Version {
			last = now
			changed(now)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *Reader) of(namespace string) *cached {
	c, ok := r.known[namespace]
	if !ok {
		c = &cached{}
		r.known[namespace] = c
	}
	return c
}

// ask starts a question unless one is under way. It outlives the caller, whose
// haste is not that of the others. The mutex is held.
func (r *Reader) ask(ctx context.Context, namespace string, c *cached) *flight {
	if c.flight != nil {
		return c.flight
	}
	f := &flight{done: make(chan struct{})}
	c.flight = f
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.o.Timeout)
	go func() {
		defer cancel()
		f.route, f.err = Get(ctx, r.reg, namespace)
		r.mu.Lock()
		c.learn(f.route, f.err)
		r.mu.Unlock()
		close(f.done)
	}()
	return f
}

func (c *cached) learn(now Route, err error) {
	c.flight, c.tried, c.err = nil, time.Now(), err
	switch {
	case err == nil:
		c.route, c.seen = now, c.tried
	case errors.Is(err, backends.ErrNotFound):
		c.route = Route{}
	}
}

func (c *cached) answer(maxAge time.Duration) Answer {
	a := Answer{Route: c.route, Age: time.Since(c.seen)}
	if a.Age >= maxAge {
		a.Err = c.err
		if a.Err == nil {
			a.Err = fmt.Errorf("%w: the registry has not answered yet", backends.ErrUnavailable)
		}
	}
	return a
}
