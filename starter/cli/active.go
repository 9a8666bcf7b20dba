package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// active is a namespace's active generation, with all that reads and mends it.
type active struct {
	namespace     catalog.Namespace
	route         route.Route
	model         backends.Model
	source        backends.Source
	index         backends.Index
	registry      backends.Registry
	embedder      backends.Embedder
	generation    backends.Generation
	copiesPayload bool
	inside        bool // the namespace is self-contained: the generation holds the items
}

// openActive opens what the namespace's route points at.
func openActive(ctx context.Context, w *catalog.World, namespace string) (*active, error) {
	r, err := findRoute(ctx, w, namespace)
	if err != nil {
		return nil, err
	}
	return openRoute(ctx, w, r)
}

// findRoute reads the namespace's route; ErrNotFound before its first one.
func findRoute(ctx context.Context, w *catalog.World, namespace string) (route.Route, error) {
	r, found, err := activeRoute(ctx, w, namespace)
	if err == nil && !found {
		err = fmt.Errorf("route of namespace %s: %w: nothing is searchable yet: import items, or start a job", namespace, backends.ErrNotFound)
	}
	return r, err
}

// activeRoute reads the namespace's route, if it has one yet.
func activeRoute(ctx context.Context, w *catalog.World, namespace string) (r route.Route, found bool, err error) {
	if _, err := w.Namespace(namespace); err != nil {
		return r, false, err
	}
	reg, err := w.Registry(ctx, namespace)
	if err != nil {
		return r, false, err
	}
	r, err = route.Get(ctx, reg, namespace)
	if errors.Is(err, backends.ErrNotFound) {
		return r, false, nil
	}
	return r, err == nil, err
}

// openRoute opens what a route points at, and refuses it when the catalog means
// another model by the route's name: queries would be embedded for another space.
func openRoute(ctx context.Context, w *catalog.World, r route.Route) (*active, error) {
	a := &active{route: r}
	var err error
	if a.namespace, err = w.Namespace(r.Namespace); err != nil {
		return nil, err
	}
	if a.model, err = w.Model(r.Model); err != nil {
		return nil, fmt.Errorf("the active model: %w", err)
	}
	if a.model.Fingerprint() != r.Fingerprint {
		return nil, usage("%s: models.%s: makes other vectors (%s) than the active generation has (%s): give the model that was switched to back its keys, and the new one a name of its own",
			w.Catalog().File, r.Model, a.model.Fingerprint(), r.Fingerprint)
	}
	if a.inside, err = w.SelfContained(ctx, r.Namespace); err != nil {
		return nil, err
	}
	collection := ""
	if a.inside {
		collection = r.Locator
	}
	if a.source, err = w.SourceOf(ctx, r.Namespace, collection); err != nil {
		return nil, err
	}
	if a.index, err = w.Index(ctx, r.Namespace); err != nil {
		return nil, err
	}
	if a.registry, err = w.Registry(ctx, r.Namespace); err != nil {
		return nil, err
	}
	if a.embedder, err = w.Embedder(r.Model); err != nil {
		return nil, err
	}
	if a.generation, err = a.index.Open(ctx, r.Locator); err != nil {
		return nil, fmt.Errorf("open the active generation %s: %w", r.Locator, err)
	}
	a.copiesPayload = a.index.Traits().CopiesPayload
	return a, nil
}

func (a *active) verifyPair() verify.Pair {
	return verify.Pair{
		Source: a.source, Target: a.generation, Model: a.model, CopiesPayload: a.copiesPayload, HoldsText: a.inside,
	}
}

func (a *active) syncPair() reconcile.Pair {
	p := reconcile.Pair{Source: a.source, Target: a.generation, Embedder: a.embedder, CopiesPayload: a.copiesPayload}
	if a.inside {
		p.Collection = a.generation
	}
	return p
}
