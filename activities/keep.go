package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

const (
	// keepPause is between two looks at what changed.
	keepPause = 3 * time.Second
	// keepRetry and keepRetryMax are between two tries at a generation that can't be
	// kept in step.
	keepRetry    = 5 * time.Second
	keepRetryMax = 10 * time.Minute
	// canariesEvery is how often the models of a soak are compared with themselves.
	canariesEvery = time.Hour
	// passShare is how much longer the pause between two full passes is than a pass:
	// a soak that has no other way to find what changed reads a tenth of the time.
	passShare    = 9
	passPause    = 10 * time.Second
	passPauseMax = time.Hour
)

// KeepInStep keeps the generations of a soak in step with the source, side by
// side: by what the source says has changed, where it does, and else by passes
// over everything, at intervals that go by how long they take. One such activity
// works for minutes, so that a day of a soak is a short history.
//
// It ends early when a side falls ill or recovers. A side that can't be kept in
// step is no error: it is tried again, at growing intervals, and the other goes
// on. Lost lease: LEASE_LOST. A cancelled one says in its details how far it came.
// Asked to do it once, it fails as unavailable on a stopping worker, so that
// another one brings the sides to the end.
func (a *Activities) KeepInStep(ctx context.Context, r StepRequest) (StepResult, error) {
	k, err := a.newKeep(ctx, r)
	if err != nil {
		return StepResult{}, failed(ctx, err)
	}
	p, stop := beat(ctx, k.result())
	defer stop()
	k.pulse = p
	err = k.run(ctx)
	if ctx.Err() == nil {
		p.set(k.result())
	}
	return k.result(), failed(ctx, err, k.result())
}

// keep is one KeepInStep.
type keep struct {
	a       *Activities
	once    bool
	begun   time.Time
	late    time.Duration // that writes of a former attempt may take, from begun on
	pulse   *pulse
	sides   []*keeping
	ending  chan struct{} // closed when the activity is to hand back
	end     sync.Once
	fatal   error
	fatalMu sync.Mutex
	budget  time.Duration
}

// newKeep takes the sides up where the former attempt's heartbeat says.
func (a *Activities) newKeep(ctx context.Context, r StepRequest) (*keep, error) {
	k := &keep{a: a, once: r.Once, begun: time.Now(), ending: make(chan struct{}), budget: r.For}
	var former StepResult
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &former); err != nil {
			return nil, err
		}
		k.late = former.Late
	}
	orphaned := a.orphaned(ctx)
	for _, s := range []struct {
		side *Side
		done *Step
		put  func(*StepResult, *Step)
	}{
		{r.Active, former.Active, func(r *StepResult, s *Step) { r.Active = s }},
		{r.Standby, former.Standby, func(r *StepResult, s *Step) { r.Standby = s }},
	} {
		if s.side == nil {
			continue
		}
		step := s.side.Step
		step.Counts = Counts{}
		if r.Once && step.Task == Merge {
			// One that is under way has passed by what was written behind its cursor,
			// and what is behind this one may be the end of a collection.
			step.Task, step.Cursor = "", ""
		}
		if s.done != nil {
			step = *s.done
		}
		k.sides = append(k.sides, newKeeping(k, s.side.Job, step, s.put))
	}
	if orphaned {
		k.late = max(k.late, a.writesOf(ctx, r))
	}
	return k, nil
}

// run lives until the time is over, the worker stops, or a side has news.
func (k *keep) run(ctx context.Context) error {
	stop := activity.GetWorkerStopChannel(ctx)
	var budget <-chan time.Time
	if k.budget > 0 {
		timer := time.NewTimer(k.budget)
		defer timer.Stop()
		budget = timer.C
	}
	var group sync.WaitGroup
	for _, s := range k.sides {
		group.Go(func() { s.live(ctx) })
	}
	all := make(chan struct{})
	go func() {
		group.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-stop:
	case <-budget:
	case <-k.ending:
	case <-ctx.Done():
	}
	k.handBack()
	<-all
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case k.fatal == nil && k.once && !k.through():
		return fmt.Errorf("%w: the worker stops", backends.ErrUnavailable)
	}
	return k.fatal
}

// through reports whether each side is where it was to be brought once, or can't
// be. Behind that a generation may be dropped, so a stopping worker does not say so.
func (k *keep) through() bool {
	return !slices.ContainsFunc(k.sides, func(s *keeping) bool { return !s.finished })
}

// handBack has all sides finish what they have begun.
func (k *keep) handBack() { k.end.Do(func() { close(k.ending) }) }

// over reports whether to hand back.
func (k *keep) over() bool {
	select {
	case <-k.ending:
		return true
	default:
		return false
	}
}

// fail ends the activity: the namespace is not the soak's any more.
func (k *keep) fail(err error) {
	k.fatalMu.Lock()
	defer k.fatalMu.Unlock()
	if k.fatal == nil {
		k.fatal = err
	}
	k.handBack()
}

func (k *keep) result() StepResult {
	r := StepResult{Late: max(0, k.late-time.Since(k.begun))}
	for _, s := range k.sides {
		step := s.snapshot()
		s.put(&r, &step)
	}
	return r
}

func (k *keep) tell() { k.pulse.set(k.result()) }

// isFatal reports whether no patience with one side heals an error.
func isFatal(err error) bool { return errors.Is(err, errLeaseLost) }

// pairOf is what reconcile works on.
func (o opened) pairOf(ctx context.Context) (reconcile.Pair, error) {
	target, err := o.target(ctx)
	if err != nil {
		return reconcile.Pair{}, err
	}
	collection, err := o.collection(ctx)
	return reconcile.Pair{
		Source: o.source, Target: target, Embedder: o.embedder,
		CopiesPayload: o.index.Traits().CopiesPayload, Collection: collection,
	}, err
}

// writesOf is how long a write to the sides' store may take.
func (a *Activities) writesOf(ctx context.Context, r StepRequest) time.Duration {
	for _, s := range []*Side{r.Active, r.Standby} {
		if s == nil {
			continue
		}
		if index, err := a.World.Index(ctx, s.Job.Namespace); err == nil {
			return opened{index: index}.writeTimeout()
		}
	}
	return backends.MaxWriteTimeout
}
