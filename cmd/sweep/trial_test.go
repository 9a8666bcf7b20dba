package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/intercept"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// trial is one job, one call of which fails, and its store.
type trial struct {
	*strike // nil: none fails
	fleet   *fleet
	lane    *lane
	place   *place
	judge   *judge
	script  *faulty.Script
	moves   sync.Once
	struck  chan struct{} // closed by the fault
	over    chan struct{} // closed when the trial is: nothing hangs any longer
	where   atomic.Value  // the activity that was struck
	cut     bool          // the job is cancelled; set before struck is closed
	calm    atomic.Bool   // the first job is over

	mu      sync.Mutex
	broken  []error        // what the watch saw
	reached map[string]int // calls that reached the backends, by operation
	failed  map[callID]bool
	asked   []callID // activities
}

// outcome is how a trial ended.
type outcome struct {
	struck   bool
	barren   bool   // not struck, as the call failed by itself
	activity string // that was struck
	first    workflows.Status
	jobs     []workflows.Status
	calls    []callID // of the first job
	recorded string   // the state of the first job, where the next one left its record
}

func (t *trial) source() backends.Source {
	return t.script.Source(intercept.Source(t.place.source, t.watch))
}

func (t *trial) index() backends.Index {
	return t.script.Index(intercept.Index(brisk{t.place.index}, t.watch))
}

// brisk says that its writes take little, as those of these stores do: for the
// time that one may take a job waits before it verifies what a former one left.
type brisk struct{ backends.Index }

func (b brisk) Traits() backends.IndexTraits {
	traits := b.Index.Traits()
	traits.WriteTimeout = 3 * time.Second
	return traits
}

func (b brisk) Unwrap() any { return b.Index }

func (t *trial) embedder(e backends.Embedder) backends.Embedder {
	return t.script.Embedder(intercept.Embedder(e, t.watch))
}

func (t *trial) registry() backends.Registry {
	return t.script.Registry(intercept.Registry(t.place.registry, t.watch))
}

// watch has the judge look after each call that changes something.
func (t *trial) watch(ctx context.Context, c intercept.Call, next func(context.Context) (int, error)) error {
	_, err := next(ctx)
	t.reach(c, err)
	if changes(c.Operation) {
		t.see(t.judge.now(context.WithoutCancel(ctx)), "after "+c.Role+"."+c.Operation)
	}
	return err
}

// changes reports whether a call of an operation changes what a store holds.
func changes(operation string) bool {
	switch operation {
	case "Put", "Delete", "Create", "Finish", "Drop", "Upsert", "UpsertCurrent", "DeleteAbsent", "SetPayload":
		return true
	}
	return false
}

func (t *trial) see(err error, when string) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = append(t.broken, fmt.Errorf("%s: %w", when, err))
}

// try runs a trial in a free lane. The error says what is wrong with what came
// of it; not that the job failed, if it may.
func (f *fleet) try(ctx context.Context, store, dir string, s *strike) (outcome, error) {
	l := <-f.lanes
	defer func() { f.lanes <- l }()
	p, err := open(ctx, store, dir)
	if err != nil {
		return outcome{}, fmt.Errorf("open a %s store: %w", store, err)
	}
	t := &trial{
		strike: s, fleet: f, lane: l, place: p, script: faulty.New(), struck: make(chan struct{}), over: make(chan struct{}),
		reached: map[string]int{}, failed: map[callID]bool{},
	}
	t.script.Add(t.moving())
	if s != nil {
		t.script.Add(t.fault())
	}
	err = p.stage(ctx, l)
	if err == nil {
		t.judge, err = newJudge(ctx, p, l)
	}
	var out outcome
	if err == nil {
		l.trial.Store(t)
		out, err = t.run(ctx)
		l.trial.Store(nil)
	}
	close(t.over)
	t.mu.Lock()
	defer t.mu.Unlock()
	return out, errors.Join(err, errors.Join(t.broken...), p.close())
}

func (t *trial) run(ctx context.Context) (outcome, error) {
	s, err := t.fleet.job(ctx, t.lane, 0, func(h starter.Handle) { t.cancelling(ctx, h) })
	out := outcome{first: s, jobs: []workflows.Status{s}, calls: t.number(t.script.Calls())}
	select {
	case <-t.struck:
		out.struck = true
		out.activity, _ = t.where.Load().(string)
	default:
		out.barren = t.strike != nil && t.when == faulty.After && slices.ContainsFunc(out.calls, func(c callID) bool { return c.fails && c.same(t.call) })
	}
	if err != nil {
		return out, err
	}
	again, err := t.judged(ctx, s)
	if err != nil || !again {
		return out, err
	}
	t.calm.Store(true)
	t.script.Clear()
	t.script.Add(t.moving())
	next, err := t.fleet.job(ctx, t.lane, 0, func(starter.Handle) {})
	out.jobs = append(out.jobs, next)
	if err != nil {
		return out, fmt.Errorf("the next job: %w", err)
	}
	if next.State != workflows.Completed {
		return out, fmt.Errorf("the next job ended %s in phase %s: %s %s", next.State, next.Phase, next.ErrorCode, next.Reason)
	}
	if _, err = t.judged(ctx, next); err != nil {
		return out, fmt.Errorf("the next job: %w", err)
	}
	end, err := t.place.look(ctx)
	if err == nil {
		out.recorded, err = t.judge.outcome(end, s.Job)
	}
	return out, err
}

// cancelling cancels the job when the strike asks for it.
func (t *trial) cancelling(ctx context.Context, h starter.Handle) {
	go func() {
		select {
		case <-t.struck:
			if !t.cut {
				return
			}
			if err := t.fleet.client.Cancel(ctx, h, "swept"); err != nil && !errors.Is(err, starter.ErrOver) {
				t.see(err, "cancel the job")
			}
		case <-t.over:
		}
	}()
}
