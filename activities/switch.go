package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// CheckSwitch returns what stands against the switch: lost lease, quarantined
// items that nobody waived, changed canaries, a route that somebody else moved, a
// veto. The hook is asked last, when the switch hangs on nothing else.
func (a *Activities) CheckSwitch(ctx context.Context, job Job) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.checkSwitch(ctx, job))
}

func (a *Activities) checkSwitch(ctx context.Context, job Job) error {
	o, err := a.open(ctx, job)
	if err != nil {
		return err
	}
	if err := o.fence(ctx); err != nil {
		return err
	}
	now, switched, err := o.routeNow(ctx)
	if err != nil {
		return err
	}
	if err := o.checkWaived(ctx); err != nil {
		return err
	}
	if err := checkCanaries(ctx, o.registry, o.embedder); err != nil || switched {
		return err
	}
	return a.askVeto(ctx, o, now)
}

// routeNow reads the route: the one that the job set out from (nil: none), or
// the job's own when switched is true. Any other is ROUTE_CHANGED.
func (o opened) routeNow(ctx context.Context) (now *route.Route, switched bool, err error) {
	r, err := route.Get(ctx, o.registry, o.job.Namespace)
	switch {
	case errors.Is(err, backends.ErrNotFound) && o.job.RouteVersion == 0:
		return nil, false, nil
	case errors.Is(err, backends.ErrNotFound):
		return nil, false, because(errRouteChanged, "the route of namespace %q is gone", o.job.Namespace)
	case err != nil:
		return nil, false, err
	case r.Locator == o.job.Locator && r.Fingerprint == o.job.Fingerprint:
		return &r, true, nil
	case r.Version != o.job.RouteVersion:
		return nil, false, because(errRouteChanged, "namespace %q was switched to %s meanwhile", o.job.Namespace, r.Locator)
	}
	return &r, false, nil
}

// Switch moves the namespace's route to the target generation. Idempotent: a
// route that is the target's already counts as switched, be it by an attempt
// whose answer was lost, or because the job re-embeds what is active.
func (a *Activities) Switch(ctx context.Context, job Job) (Switched, error) {
	s, err := a.switchRoute(ctx, job)
	return s, failed(ctx, err)
}

func (a *Activities) switchRoute(ctx context.Context, job Job) (Switched, error) {
	o, err := a.open(ctx, job)
	if err != nil {
		return Switched{}, err
	}
	now, switched, err := o.routeNow(ctx)
	if err != nil {
		return Switched{}, err
	}
	if switched {
		former, err := formerRoute(ctx)
		return Switched{Route: *now, Former: former}, err
	}
	if err := o.fence(ctx); err != nil {
		return Switched{}, err
	}
	next := route.Route{
		Namespace: job.Namespace, Generation: 1, Locator: job.Locator,
		Model: job.To.Name, Fingerprint: job.Fingerprint,
		Dimensions: o.model.Dimensions, Metric: o.model.Metric,
	}
	if now != nil {
		next.Generation = now.Generation + 1
		activity.RecordHeartbeat(ctx, now) // a retry can't read it from the registry any more
	}
	moved, err := route.Swap(ctx, o.registry, job.RouteVersion, next)
	if errors.Is(err, backends.ErrConflict) {
		return Switched{}, because(errRouteChanged, "%w", err)
	}
	return Switched{Route: moved, Former: now}, err
}

// formerRoute is the route that an earlier attempt of the switch replaced; nil
// when there was none.
func formerRoute(ctx context.Context) (*route.Route, error) {
	if !activity.HasHeartbeatDetails(ctx) {
		return nil, nil
	}
	var former route.Route
	if err := activity.GetHeartbeatDetails(ctx, &former); err != nil {
		return nil, fmt.Errorf("read the former attempt's heartbeat: %w", err)
	}
	return &former, nil
}
