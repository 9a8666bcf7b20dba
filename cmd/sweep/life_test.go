package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// Ends of a soak.
const (
	rollback = "rollback"
	retire   = "retire"
)

var ends = []string{rollback, retire}

// window is how long a soak would last that nobody ends.
const window = int64(time.Hour / time.Second)

// life is a job with its soak, one call of which fails, and its store. Behind the
// switch the application changes items: when the generations are first kept in
// step, when they have been brought there, before the rollback and while that
// moves the route.
type life struct {
	*blow  // nil: nothing fails
	end    string
	fleet  *fleet
	lane   *lane
	place  *place
	judge  *soakJudge
	struck chan struct{} // closed by the fault
	rounds [4]sync.Once  // of changes
	where  atomic.Value  // the activity that was struck

	mu      sync.Mutex
	broken  []error        // what the watch saw
	reached map[string]int // calls of the soak's activities, by operation
	failed  map[callID]bool
	calls   []callID
}

// lived is how a life went.
type lived struct {
	struck   bool
	activity string // that was struck
	refused  bool   // what ends the soak was refused once
	calls    []callID
}

func (l *life) source() backends.Source {
	return intercept.Source(l.place.source, l.meet)
}

func (l *life) index() backends.Index {
	return intercept.Index(brisk{l.place.index}, l.meet)
}

func (l *life) embedder(e backends.Embedder) backends.Embedder {
	return intercept.Embedder(e, l.meet)
}

func (l *life) registry() backends.Registry {
	return intercept.Registry(l.place.registry, l.meet)
}

func (l *life) see(err error, when string) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = append(l.broken, fmt.Errorf("%s: %w", when, err))
}

// live runs a life in a free lane. The error says what is wrong with what came of it.
func (f *fleet) live(ctx context.Context, end, dir string, b *blow) (lived, error) {
	free := <-f.lanes
	defer func() { f.lanes <- free }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := open(ctx, "sqlite", dir)
	if err != nil {
		return lived{}, fmt.Errorf("open a store: %w", err)
	}
	l := &life{
		blow: b, end: end, fleet: f, lane: free, place: p, struck: make(chan struct{}),
		reached: map[string]int{}, failed: map[callID]bool{},
	}
	err = p.settle(ctx, free, few())
	if err == nil {
		l.judge, err = newSoakJudge(ctx, p, free)
	}
	var out lived
	if err == nil {
		free.life.Store(l)
		out, err = l.run(ctx)
		if err != nil {
			err = errors.Join(err, f.endSoak(ctx, free))
		}
		free.life.Store(nil)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out.calls = l.told()
	return out, errors.Join(err, errors.Join(l.broken...), p.close())
}

// endSoak terminates a soak that went wrong: the lane's next life is not to meet it.
func (f *fleet) endSoak(ctx context.Context, l *lane) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := f.temporal.TerminateWorkflow(ctx, workflows.SoakID(l.name), "", "it went wrong")
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

func (l *life) run(ctx context.Context) (lived, error) {
	var out lived
	end := func(err error) (lived, error) {
		select {
		case <-l.struck:
			out.struck = true
			out.activity, _ = l.where.Load().(string)
		default:
		}
		return out, err
	}
	if err := l.switched(ctx); err != nil {
		return end(err)
	}
	if err := l.until(ctx, "in step for the first time", l.inStep); err != nil {
		return end(err)
	}
	l.move(ctx, 1)
	if err := l.until(ctx, "in step with what changed", l.judge.both); err != nil {
		return end(err)
	}
	if l.end == rollback { // which syncs once more; a retirement does not
		l.move(ctx, 2)
	}
	s, refused, err := l.ask(ctx)
	out.refused = refused
	if err == nil {
		err = l.over(ctx, s)
	}
	return end(err)
}

// switched runs the job, and another one where the fault was one of those that end it.
func (l *life) switched(ctx context.Context) error {
	for again := false; ; again = true {
		s, err := l.fleet.job(ctx, l.lane, window, func(starter.Handle) {})
		at, _ := l.where.Load().(string)
		switch {
		case err != nil:
			return fmt.Errorf("the job: %w", err)
		case s.State == workflows.Completed:
			return nil
		case again || l.blow == nil || l.mends || at != "ArmSoak":
			return fmt.Errorf("the job ended %s in phase %s: %s %s", s.State, s.Phase, s.ErrorCode, s.Reason)
		}
		now, err := l.place.look(ctx)
		if err == nil {
			err = l.judge.unmoved(now)
		}
		if err != nil {
			return fmt.Errorf("the job ended %s: %w", s.ErrorCode, err)
		}
	}
}

// until waits for what is to come to pass.
func (l *life) until(ctx context.Context, what string, missing func(context.Context) error) error {
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for {
		err := missing(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return fmt.Errorf("never %s: %w", what, err)
		}
	}
}

// inStep says what is missing until the soak says, and the judge, that both
// generations are in step.
func (l *life) inStep(ctx context.Context) error {
	if err := l.judge.both(ctx); err != nil {
		return err
	}
	s, err := l.fleet.client.Soak(ctx, l.lane.name)
	if err == nil && (s.Phase != workflows.SoakSoaking || s.Active.SyncedAt == nil || s.Standby.SyncedAt == nil) {
		err = fmt.Errorf("the soak is %s, %s%s", s.Phase, s.Reason, s.LastError)
	}
	return err
}

// ask asks for the soak's end, and once more where the fault had that refused:
// the soak goes on then.
func (l *life) ask(ctx context.Context) (s workflows.SoakStatus, refused bool, err error) {
	for ; ; refused = true {
		if l.end == retire {
			s, err = l.fleet.client.Retire(ctx, l.lane.name, workflows.RetireRequest{Locator: l.place.index.Locator(small)})
		} else {
			s, err = l.fleet.client.Rollback(ctx, l.lane.name, workflows.RollbackRequest{Waive: waived}, true)
		}
		if err == nil || refused || !errors.Is(err, starter.ErrRefused) || !l.isStruck() {
			return s, refused, err
		}
		now, serr := l.fleet.client.Soak(ctx, l.lane.name)
		if serr != nil || now.Phase != workflows.SoakSoaking {
			return s, true, fmt.Errorf("refused, and the soak is %q: %w", now.Phase, errors.Join(err, serr))
		}
	}
}

func (l *life) isStruck() bool {
	select {
	case <-l.struck:
		return true
	default:
		return false
	}
}

// over says what is wrong behind a soak.
func (l *life) over(ctx context.Context, s workflows.SoakStatus) error {
	phase, model, generation := workflows.SoakReversed, small, int64(3)
	if l.end == retire {
		phase, model, generation = workflows.SoakRetired, large, 2
	}
	if s.Phase != phase {
		return fmt.Errorf("the soak is %s: %s %s", s.Phase, s.Reason, s.LastError)
	}
	if err := l.judge.over(ctx, model, generation); err != nil {
		return fmt.Errorf("the soak ended %s, %s %s: %w", s.Phase, s.Reason, s.LastError, err)
	}
	at, _ := l.where.Load().(string)
	if at == "EndSoak" && !l.mends {
		return nil // that could not give anything back
	}
	return l.judge.nothingHeld(ctx)
}

// few are the items of a life, among which are those that have no vector.
func few() []backends.Item {
	items := corpus()
	return slices.Concat(items[:14], items[20:21], items[25:26])
}

// move has the application change items, each round its own and one again. What
// they may tell is known before.
func (l *life) move(ctx context.Context, round int) {
	l.rounds[round].Do(func() {
		writer, _ := backends.As[backends.ItemWriter](l.place.source)
		items := []backends.Item{
			{ID: changed, Text: fmt.Sprintf("entry 12 was told anew for the %d. time", round+1)},
			{ID: fmt.Sprintf("item-4%d", round), Text: text(40 + round)},
		}
		leaves := fmt.Sprintf("item-0%d", 4+round)
		l.judge.moves(items, leaves)
		err := writer.PutItems(ctx, items)
		if err == nil {
			err = writer.DeleteItems(ctx, []string{leaves})
		}
		l.see(err, "change items")
	})
}
