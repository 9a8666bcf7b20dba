package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/intercept"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// callID names a call in the same way in each run: the n-th of its operation.
type callID struct {
	role, operation string
	nth             int
	// fails: it fails by itself also when nothing is wrong - what it asks for is
	// not there, or a text is refused - so that it has no answer to lose.
	fails bool
}

func (c callID) operationName() string { return c.role + "." + c.operation }

func (c callID) String() string { return fmt.Sprintf("%s/%d", c.operationName(), c.nth) }

// ailment is what befalls a call.
type ailment struct {
	name string
	err  error // nil: it hangs until its context ends
	// mends: a job that meets it goes on, and completes.
	mends bool
}

// ailments by their names, which are arguments of the test.
var ailments = map[string]ailment{
	"unavailable":  {name: "unavailable", err: backends.ErrUnavailable, mends: true},
	"unauthorized": {name: "unauthorized", err: backends.ErrUnauthorized},
	"conflict":     {name: "conflict", err: backends.ErrConflict},
	"unknown":      {name: "unknown", err: errors.New("an error that no driver should return"), mends: true},
	"hang":         {name: "hang"},
}

// strike is one fault of one call.
type strike struct {
	store string
	call  callID
	when  faulty.When
	ailment
	// cancels: the job is cancelled when the call hangs. Else it is only where the
	// call would go on hanging for long.
	cancels bool
}

// sides by their names, which are arguments of the test.
var sides = map[faulty.When]string{faulty.Before: "before", faulty.After: "after"}

// String is what runs the trial alone.
func (s strike) String() string {
	return fmt.Sprintf("-store %s -call %s -when %s -with %s -cancels=%t", s.store, s.call, sides[s.when], s.name, s.cancels)
}

// trial is one job, one call of which fails, and its store.
type trial struct {
	*strike // nil: none fails
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
	activity string // that was struck
	first    workflows.Status
	jobs     []workflows.Status
	calls    []callID // of the first job
}

func (t *trial) source() backends.Source {
	return t.script.Source(intercept.Source(t.place.source, t.watch))
}

func (t *trial) index() backends.Index {
	return t.script.Index(intercept.Index(t.place.index, t.watch))
}

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
	switch c.Operation {
	case "Put", "Delete", "Create", "Finish", "Drop", "Upsert", "SetPayload":
		t.see(t.judge.now(context.WithoutCancel(ctx)), "after "+c.Role+"."+c.Operation)
	}
	return err
}

// reach numbers the call, and takes note of one that fails by itself.
func (t *trial) reach(c intercept.Call, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := callID{role: c.Role, operation: c.Operation}
	t.reached[id.operationName()]++
	if id.nth = t.reached[id.operationName()]; err != nil {
		t.failed[id] = true
	}
}

func (t *trial) see(err error, when string) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = append(t.broken, fmt.Errorf("%s: %w", when, err))
}

// moving lets the application change items once, when the job first reads what
// the generation holds.
func (t *trial) moving() faulty.Fault {
	return faulty.Fault{Role: intercept.RoleGeneration, Operation: "ReadStamps", Do: func(ctx context.Context, _ faulty.Call) (err error) {
		t.moves.Do(func() { err = t.place.move(ctx) })
		return err
	}}
}

// fault is the strike as the script does it.
func (t *trial) fault() faulty.Fault {
	return faulty.Fault{
		Role: t.call.role, Operation: t.call.operation, Nth: t.call.nth, When: t.when,
		Do: func(ctx context.Context, _ faulty.Call) error { return t.befall(ctx) },
	}
}

// befall is what befalls the call.
func (t *trial) befall(ctx context.Context) error {
	info := activity.GetInfo(ctx)
	t.where.Store(info.ActivityType.Name)
	t.see(t.judge.now(context.WithoutCancel(ctx)), "at the fault")
	t.cut = t.err == nil && (t.cancels || time.Until(info.Deadline) > longest)
	close(t.struck)
	if t.err != nil {
		return t.err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.over:
		return backends.ErrUnavailable
	}
}

// longest is how long a call may hang before its job is cancelled in any case.
const longest = time.Minute

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
		strike: s, lane: l, place: p, script: faulty.New(), struck: make(chan struct{}), over: make(chan struct{}),
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
		out, err = t.run(ctx, f)
		l.trial.Store(nil)
	}
	close(t.over)
	return out, errors.Join(err, errors.Join(t.broken...), p.close())
}

func (t *trial) run(ctx context.Context, f *fleet) (outcome, error) {
	s, err := f.job(ctx, t.lane, func(h starter.Handle) { t.cancelling(ctx, f, h) })
	out := outcome{first: s, jobs: []workflows.Status{s}, calls: t.number(t.script.Calls())}
	select {
	case <-t.struck:
		out.struck = true
		out.activity, _ = t.where.Load().(string)
	default:
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
	next, err := f.job(ctx, t.lane, func(starter.Handle) {})
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
	return out, nil
}

// cancelling cancels the job when a call of it hangs.
func (t *trial) cancelling(ctx context.Context, f *fleet, h starter.Handle) {
	go func() {
		select {
		case <-t.struck:
			if !t.cut {
				return
			}
			if err := f.client.Cancel(ctx, h, "a call of it hangs"); err != nil && !errors.Is(err, starter.ErrOver) {
				t.see(err, "cancel the job")
			}
		case <-t.over:
		}
	}()
}

// judged looks at what a job left. again says that the next job is to show that
// it stumbles over nothing.
func (t *trial) judged(ctx context.Context, s workflows.Status) (again bool, err error) {
	now, err := t.place.look(ctx)
	if err != nil {
		return false, err
	}
	if s.State == workflows.Completed {
		err = t.judge.completed(ctx)
		if err == nil && len(s.Job) > 0 && (s.Former == nil || s.Route == nil) {
			err = fmt.Errorf("the status lacks a route: %+v, %+v", s.Former, s.Route)
		}
	} else {
		err = errors.Join(t.judge.now(ctx), t.judge.unmoved(now), t.mayEnd(s))
	}
	if err != nil {
		return false, fmt.Errorf("job %s ended %s in phase %s: %s %s: %w", s.Job, s.State, s.Phase, s.ErrorCode, s.Reason, err)
	}
	holder, err := t.judge.holder(now)
	if err != nil || (holder != "" && holder != s.Job && holder != abandoned) {
		return false, fmt.Errorf("the lease is held by %q: %w", holder, err)
	}
	state, err := t.judge.outcome(now, s.Job)
	if err != nil || (state != string(s.State) && (state != "" || !t.loses())) {
		return false, fmt.Errorf("the registry has job %s as %q, it ended %s: %w", s.Job, state, s.State, err)
	}
	return s.State != workflows.Completed || holder != "", nil
}

// loses reports whether the fault may keep the outcome from being recorded.
func (t *trial) loses() bool {
	return t.strike != nil && !t.mends && t.where.Load() == "RecordOutcome"
}

// mayEnd says whether a job may end otherwise than completed, and as it did.
func (t *trial) mayEnd(s workflows.Status) error {
	switch {
	case t.strike == nil:
		return errors.New("nothing failed")
	case s.State == workflows.Cancelled && t.cut:
		return nil
	case t.mends || t.err == nil:
		return errors.New("trying again would have mended it")
	case s.State != workflows.Failed:
		return errors.New("nobody cancelled it")
	case !strings.EqualFold(s.ErrorCode, t.name):
		return fmt.Errorf("the code is not %q", strings.ToUpper(t.name))
	}
	return nil
}

// number names recorded calls.
func (t *trial) number(calls []faulty.Call) []callID {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := map[string]int{}
	ids := make([]callID, len(calls))
	for i, c := range calls {
		ids[i] = callID{role: c.Role, operation: c.Operation}
		seen[ids[i].operationName()]++
		ids[i].nth = seen[ids[i].operationName()]
		ids[i].fails = t.failed[ids[i]]
	}
	return append(ids, t.asked...)
}
