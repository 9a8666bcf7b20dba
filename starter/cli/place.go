package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/inventory"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter"
)

// placeOf opens where a namespace is kept, for an inventory.
func placeOf(ctx context.Context, w *catalog.World, namespace string) (inventory.Place, error) {
	p := inventory.Place{Namespace: namespace}
	ns, err := w.Namespace(namespace)
	if err != nil {
		return p, err
	}
	if p.Index, err = w.Index(ctx, namespace); err != nil {
		return p, err
	}
	if p.Registry, err = w.Registry(ctx, namespace); err != nil {
		return p, err
	}
	begins, err := w.Model(ns.Model)
	if err != nil {
		return p, err
	}
	p.Begins = p.Index.Locator(begins)
	for _, m := range w.Catalog().Models {
		p.Known = append(p.Known, p.Index.Locator(m.Model))
	}
	return p, nil
}

// living asks Temporal which jobs of a namespace live, and what they make.
func living(ctx context.Context, c *starter.Client, w *catalog.World, index backends.Index, namespace string) (inventory.Living, error) {
	l := inventory.Living{Over: func(ctx context.Context, lease records.Lease) (bool, error) {
		if lease.Hold > 0 {
			return outwait(ctx, lease.Hold)
		}
		runs, err := c.Runs(ctx, lease.Job, lease.Run)
		return !runs, err
	}}
	open, err := c.Open(ctx, namespace)
	if err != nil {
		return l, err
	}
	for _, s := range open {
		m, err := w.Model(s.To)
		if errors.Is(err, catalog.ErrNoEntry) || s.DryRun {
			continue // this catalog has no name for what it makes; its lease does, once it is held
		}
		if err != nil {
			return l, err
		}
		l.Claims = append(l.Claims, inventory.Claim{Job: s.Job, Locator: index.Locator(m)})
	}
	return l, nil
}

// outwait sits out a lease that no job holds: what dropped something and was
// killed has left it there.
func outwait(ctx context.Context, hold time.Duration) (bool, error) {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true, nil
	case <-ctx.Done():
		return false, fmt.Errorf("wait for a lease that no job holds: %w", context.Cause(ctx))
	}
}
