package activities

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// ArmSoak has the changes for both generations kept and writes the soak down,
// before the switch, so that nothing is missed that is written around it. A plan
// without a window means that there is nothing to soak: no former generation, or
// none but the target. Idempotent.
func (a *Activities) ArmSoak(ctx context.Context, job Job) (SoakPlan, error) {
	_, stop := beat(ctx)
	defer stop()
	p, err := a.armSoak(ctx, job)
	return p, failed(ctx, err)
}

func (a *Activities) armSoak(ctx context.Context, job Job) (SoakPlan, error) {
	o, err := a.open(ctx, job)
	if err != nil {
		return SoakPlan{}, err
	}
	if err := o.fence(ctx); err != nil {
		return SoakPlan{}, err
	}
	now, switched, err := o.routeNow(ctx)
	if err != nil || now == nil || switched {
		return SoakPlan{}, err
	}
	plan := SoakPlan{
		Namespace: job.Namespace, ArmedBy: job.ID, ArmedRun: job.Run,
		Active: keeper(job), Standby: keeper(job), Former: *now,
		Window: time.Duration(job.SoakSeconds) * time.Second,
	}
	plan.Active.From, plan.Standby.From = now.Model, job.To.Name
	plan.Standby.To, plan.Standby.Fingerprint, plan.Standby.Locator = a.modelOf(*now), now.Fingerprint, now.Locator
	if job.Source != "" { // self-contained: each of the two is the other's source
		plan.Standby.Source = job.Locator
		plan.Active.Merging, plan.Standby.Merging = true, true
	}
	for _, consumer := range []string{plan.Active.Locator, plan.Standby.Locator} {
		if err := subscribe(ctx, o.source, consumer); err != nil {
			return SoakPlan{}, err
		}
	}
	return plan, records.PutSoak(ctx, o.registry, plan.record(records.SoakArmed))
}

// manyFailedItems: a soak goes on without the items that can't be embedded, and
// counts them; it is not a job that would fail over them.
const manyFailedItems = math.MaxInt32

// keeper is the job that keeps a generation of a soak in step.
func keeper(job Job) Job {
	job.ID, job.Run, job.Epoch = SoakID(job.Namespace), "", 0
	job.Priority, job.MaxFailedItems, job.Waive = Low, manyFailedItems, nil
	job.SoakSeconds, job.EndSoak, job.DryRun, job.Timeout = 0, false, false, 0
	job.Cutover, job.CutoverWindow, job.MaxVerifyAge = "", "", 0
	return job
}

// modelOf is the model that a route names, as the catalog has it. One that the
// catalog has no more, or means otherwise, is made from what the route says of
// it: its generation can't be kept in step then, and its keeper says why.
func (a *Activities) modelOf(r route.Route) backends.Model {
	if m, err := a.World.Model(r.Model); err == nil && m.Fingerprint() == r.Fingerprint {
		return m
	}
	return backends.Model{Name: r.Model, Dimensions: r.Dimensions, Metric: r.Metric}
}

// subscribe has the source keep changes for a consumer. Where it can't - it
// captures nothing, or must not - full passes find what changed.
func subscribe(ctx context.Context, source backends.Source, consumer string) error {
	capture, ok := backends.As[backends.Capture](source)
	if !ok {
		return nil
	}
	err := capture.Subscribe(ctx, consumer)
	if errors.Is(err, backends.ErrUnsupported) || errors.Is(err, backends.ErrUnauthorized) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("subscribe to changes for %s: %w", consumer, err)
	}
	return nil
}

// record is what the registry tells of the soak.
func (p SoakPlan) record(state records.SoakState) records.Soak {
	place := func(j Job) records.Place {
		return records.Place{Locator: j.Locator, Model: j.To.Name, Fingerprint: j.Fingerprint}
	}
	s := records.Soak{
		Namespace: p.Namespace, Workflow: SoakID(p.Namespace), Job: p.ArmedBy, Run: p.ArmedRun,
		Active: place(p.Active), Standby: place(p.Standby), State: state,
	}
	s.Standby.Generation = p.Former.Generation
	return s
}

// armedPause and armedPauseMax are between two looks of an armed soak: the switch
// follows at once, as a rule.
const (
	armedPause    = 50 * time.Millisecond
	armedPauseMax = 5 * time.Second
)

// AwaitSwitch returns when the route points at the soak's target, or when the job
// that armed the soak is over without that. On a stopping worker it fails as
// unavailable, so that another one waits on.
func (a *Activities) AwaitSwitch(ctx context.Context, p SoakPlan) (SwitchSeen, error) {
	_, stop := beat(ctx)
	defer stop()
	seen, err := a.awaitSwitch(ctx, p)
	return seen, failed(ctx, err)
}

func (a *Activities) awaitSwitch(ctx context.Context, p SoakPlan) (SwitchSeen, error) {
	reg, err := a.World.Registry(ctx, p.Namespace)
	if err != nil {
		return SwitchSeen{}, err
	}
	leaving := activity.GetWorkerStopChannel(ctx)
	for pause := armedPause; ; pause = min(pause*5/4, armedPauseMax) {
		// The job first: one that is over has not moved the route since.
		over, err := a.holderEnded(ctx, records.Lease{Job: p.ArmedBy, Run: p.ArmedRun})
		if err != nil {
			return SwitchSeen{}, err
		}
		if seen, err := lookAtSwitch(ctx, reg, p); err != nil || seen.Switched || over {
			return seen, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-leaving:
			timer.Stop()
			return SwitchSeen{}, fmt.Errorf("%w: the worker stops", backends.ErrUnavailable)
		case <-ctx.Done():
			timer.Stop()
			return SwitchSeen{}, ctx.Err()
		}
	}
}

// LookAtSwitch looks once whether the route points at the soak's target.
func (a *Activities) LookAtSwitch(ctx context.Context, p SoakPlan) (SwitchSeen, error) {
	reg, err := a.World.Registry(ctx, p.Namespace)
	if err != nil {
		return SwitchSeen{}, failed(ctx, err)
	}
	seen, err := lookAtSwitch(ctx, reg, p)
	return seen, failed(ctx, err)
}

func lookAtSwitch(ctx context.Context, reg backends.Registry, p SoakPlan) (SwitchSeen, error) {
	now, err := route.Get(ctx, reg, p.Namespace)
	switch {
	case err == nil && now.Locator == p.Active.Locator && now.Fingerprint == p.Active.Fingerprint:
		return SwitchSeen{Switched: true, Route: &now}, nil
	case err != nil && !errors.Is(err, backends.ErrNotFound):
		return SwitchSeen{}, err
	}
	return SwitchSeen{}, nil
}

// BeginSoak writes down that the namespace soaks. The soak holds the lease.
func (a *Activities) BeginSoak(ctx context.Context, b SoakBegin) error {
	return failed(ctx, a.beginSoak(ctx, b))
}

func (a *Activities) beginSoak(ctx context.Context, b SoakBegin) error {
	reg, err := a.World.Registry(ctx, b.Plan.Namespace)
	if err != nil {
		return err
	}
	s := b.Plan.record(records.SoakSoaking)
	s.Active.Generation, s.Since, s.Until = b.Route.Generation, b.Since, b.Until
	return records.PutSoak(ctx, reg, s)
}

// EndSoak forgets the soak's consumers of changes and its record, and gives the
// namespace back. Nothing is dropped. Idempotent.
func (a *Activities) EndSoak(ctx context.Context, e SoakEnd) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.endSoak(ctx, e))
}

func (a *Activities) endSoak(ctx context.Context, e SoakEnd) error {
	p := e.Plan
	reg, err := a.World.Registry(ctx, p.Namespace)
	if err != nil {
		return err
	}
	if !e.Switched { // as far as the soak has seen: it may have been ended sooner
		seen, err := lookAtSwitch(ctx, reg, p)
		if err != nil {
			return err
		}
		e.Switched = seen.Switched
	}
	if err := a.unsubscribe(ctx, e); err != nil {
		return err
	}
	if err := records.DeleteSoak(ctx, reg, p.Namespace, p.ArmedBy, p.ArmedRun); err != nil {
		return err
	}
	if e.Epoch == 0 {
		return nil
	}
	return records.GiveBackLease(ctx, reg, p.Namespace, e.Epoch)
}

// unsubscribe forgets the consumers of both generations. The target's is the
// job's while there was no switch; a self-contained namespace has none.
func (a *Activities) unsubscribe(ctx context.Context, e SoakEnd) error {
	if e.Plan.Active.Source != "" {
		return nil
	}
	source, err := a.World.Source(ctx, e.Plan.Namespace)
	if err != nil {
		return err
	}
	capture, ok := backends.As[backends.Capture](source)
	if !ok {
		return nil
	}
	consumers := []string{e.Plan.Standby.Locator}
	if e.Switched {
		consumers = append(consumers, e.Plan.Active.Locator)
	}
	for _, c := range consumers {
		if err := capture.Unsubscribe(ctx, c); err != nil {
			return fmt.Errorf("unsubscribe %s: %w", c, err)
		}
	}
	return nil
}

// DropFormer drops the former generation of a soak, by name. It refuses while the
// route points at it, and while it holds one side of a conflict, or alone has an
// item that the active model refused.
func (a *Activities) DropFormer(ctx context.Context, job Job) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.dropFormer(ctx, job))
}

func (a *Activities) dropFormer(ctx context.Context, job Job) error {
	reg, err := a.World.Registry(ctx, job.Namespace)
	if err != nil {
		return err
	}
	if err := leaseLost(records.CheckLease(ctx, reg, job.Namespace, job.Epoch)); err != nil {
		return err
	}
	now, err := route.Get(ctx, reg, job.Namespace)
	if err != nil {
		return err
	}
	if now.Locator == job.Locator {
		return because(errRouteChanged, "the route of namespace %q points at %s again: it is not dropped", job.Namespace, job.Locator)
	}
	if err := checkConflicts(ctx, reg, job); err != nil {
		return err
	}
	index, err := a.World.Index(ctx, job.Namespace)
	if err != nil {
		return err
	}
	if err := checkSole(ctx, reg, index, job, now); err != nil {
		return err
	}
	if err := index.Drop(ctx, job.Locator); err != nil {
		return fmt.Errorf("drop generation %s: %w", job.Locator, err)
	}
	return nil
}
