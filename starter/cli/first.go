package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// syncImported brings the active generation up to date behind an import. Where
// nothing was ever switched to, it makes the first generation, and points the
// route at it once it is complete.
func (a *app) syncImported(ctx context.Context, w *catalog.World, result *imported) error {
	r, err := findRoute(ctx, w, result.Namespace)
	result.First = errors.Is(err, backends.ErrNotFound)
	if result.First {
		r, err = createFirst(ctx, w, result.Namespace)
	}
	if err != nil {
		return err
	}
	act, err := openRoute(ctx, w, r)
	if err != nil {
		return err
	}
	result.Model, result.Locator, result.Generation = r.Model, r.Locator, r.Generation
	result.Sync, result.Refused, err = a.bringUpToDate(ctx, act)
	if err != nil {
		return fmt.Errorf("the items are imported, but not all are embedded (import again, or 'reembed diff %s --repair'): %w", result.Namespace, err)
	}
	if !result.First {
		return nil
	}
	if err := act.index.Finish(ctx, r.Locator); err != nil {
		return fmt.Errorf("finish generation %s: %w", r.Locator, err)
	}
	_, err = route.Swap(ctx, act.registry, 0, r)
	return err
}

// createFirst creates a namespace's first generation and returns the route that
// will point at it.
func createFirst(ctx context.Context, w *catalog.World, namespace string) (route.Route, error) {
	ns, err := w.Namespace(namespace)
	if err != nil {
		return route.Route{}, err
	}
	m, err := w.Model(ns.Model)
	if err != nil {
		return route.Route{}, err
	}
	index, err := w.Index(ctx, namespace)
	if err != nil {
		return route.Route{}, err
	}
	spec := backends.SpecOf(m, index.Locator(m))
	if _, err := index.Create(ctx, spec); err != nil {
		return route.Route{}, fmt.Errorf("create the first generation, %s: %w", spec.Locator, err)
	}
	return route.Route{
		Namespace: namespace, Generation: 1, Locator: spec.Locator, Model: spec.Model,
		Fingerprint: spec.Fingerprint, Dimensions: spec.Dimensions, Metric: spec.Metric,
	}, nil
}
