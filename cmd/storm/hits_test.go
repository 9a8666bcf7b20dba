package storm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/reembed/reembed/backends/embedders/providertest"
	"github.com/reembed/reembed/starter/child"
)

// Between two hits, and how long one lasts that has an end of its own.
const (
	pauseLeast = 1500 * time.Millisecond
	pauseMore  = 1500 * time.Millisecond
	hitLeast   = time.Second
	hitMore    = 2 * time.Second
)

// hit is one way in which something breaks. It returns when all is mended again,
// and mends it whatever happens to its context.
type hit struct {
	kind   string
	strike func(context.Context, *rand.Rand) error
}

// hits are the kinds; those that take long are left to long storms.
func (s *storm) hits() []hit {
	all := []hit{
		{"worker killed", s.killWorker},
		{"server killed", s.killServer},
		{"provider 429", s.provider(providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "1"})},
		{"provider 500", s.provider(providertest.Fault{Kind: providertest.InternalError})},
		{"provider hangs", s.provider(providertest.Fault{Kind: providertest.Hang})},
		{"burst", s.burst},
	}
	if s.path != "" {
		all = append(all, hit{"store locked", s.lockStore})
	}
	if *lasts > time.Minute {
		all = append(all, hit{"deploy", s.deploy})
		if s.path != "" {
			all = append(all, hit{"worker frozen", s.freezeWorker})
		}
	}
	return all
}

// strike breaks one thing after the other until the time is over. Each kind has
// its turn before one has its second.
func (s *storm) strike(ctx context.Context) error {
	defer close(s.over)
	rng := rand.New(rand.NewPCG(s.seed, 1<<32))
	var deck []hit
	for {
		wait(ctx, pauseLeast+time.Duration(rng.Int64N(int64(pauseMore))))
		if ctx.Err() != nil || time.Since(s.begun) > *lasts {
			return nil
		}
		if len(deck) == 0 {
			deck = s.hits()
			rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		h := deck[0]
		deck = deck[1:]
		s.tally.struck(h.kind)
		if err := h.strike(ctx, rng); err != nil {
			return fmt.Errorf("%s: %w", h.kind, err)
		}
	}
}

// last waits as long as a hit lasts, or until the context ends.
func last(ctx context.Context, rng *rand.Rand) {
	wait(ctx, hitLeast+time.Duration(rng.Int64N(int64(hitMore))))
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// worker is one that works: a process, or a part of this one.
type worker interface {
	Kill() error
	Stop(grace time.Duration) error
	Running() bool
	Wait() error
}

// crew are the workers.
type crew struct {
	mu      sync.Mutex
	workers []worker
	hire    func() (worker, error)
}

// workersOfCrew is how many work at once.
const workersOfCrew = 2

// muster hires the first ones.
func (c *crew) muster() error {
	for range workersOfCrew {
		p, err := c.hire()
		if err != nil {
			return err
		}
		c.workers = append(c.workers, p)
	}
	return nil
}

// replace ends one of them, and starts another. One that ended by itself is an error.
func (c *crew) replace(n int, end func(worker) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := errors.Join(c.deserted(), end(c.workers[n])); err != nil {
		return err
	}
	p, err := c.hire()
	if err == nil {
		c.workers[n] = p
	}
	return err
}

// deserted are those that ended by themselves.
func (c *crew) deserted() error {
	var err error
	for _, p := range c.workers {
		if !p.Running() {
			err = errors.Join(err, fmt.Errorf("a worker ended by itself: %w", p.Wait()))
		}
	}
	return err
}

// dismiss asks all of them to end, and waits for it.
func (c *crew) dismiss() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.deserted()
	for _, p := range c.workers {
		err = errors.Join(err, stopped(p))
	}
	c.workers = nil
	return err
}

func stopped(p worker) error { return p.Stop(time.Minute) }

// deploy puts another worker in the place of one that may finish what it does.
func (s *storm) deploy(_ context.Context, rng *rand.Rand) error {
	return s.crew.replace(rng.IntN(workersOfCrew), stopped)
}

// frozen is how long a worker stands still: longer than its heartbeats may be
// late, so that others have its work when it goes on.
const frozen = 16 * time.Second

func (s *storm) freezeWorker(ctx context.Context, rng *rand.Rand) error {
	p, ok := s.crew.workers[rng.IntN(workersOfCrew)].(*child.Process)
	if !ok {
		return errors.New("only a process can stand still")
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	wait(ctx, frozen)
	return p.Signal(syscall.SIGCONT)
}

func (s *storm) killWorker(_ context.Context, rng *rand.Rand) error {
	return s.crew.replace(rng.IntN(workersOfCrew), worker.Kill)
}

// killServer kills Temporal, and starts it again on its database.
func (s *storm) killServer(ctx context.Context, _ *rand.Rand) error {
	if err := s.stand.Server.Kill(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return s.stand.Server.Restart(ctx)
}

// provider has all requests fail for a while.
func (s *storm) provider(f providertest.Fault) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, rng *rand.Rand) error {
		s.models.Add(f)
		last(ctx, rng)
		s.models.Clear()
		return nil
	}
}

// lockStore has another process hold the write lock for longer than workers wait for it.
func (s *storm) lockStore(ctx context.Context, rng *rand.Rand) error {
	taking, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	l, err := lock(taking, s.path)
	if err != nil {
		return err
	}
	last(ctx, rng)
	return l.release()
}

// burst has the writers hurry.
func (s *storm) burst(context.Context, *rand.Rand) error {
	for _, set := range s.sets {
		for _, w := range set.writers {
			select {
			case w.burst <- struct{}{}:
			default: // it hurries already
			}
		}
	}
	return nil
}
