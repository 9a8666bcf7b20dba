package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// collectionWriter embeds items and writes them into the active collection of a
// self-contained namespace, or into its first one.
type collectionWriter struct {
	*active
	result *imported
}

func (a *app) collectionWriter(ctx context.Context, w *catalog.World, result *imported) (*collectionWriter, error) {
	r, err := findRoute(ctx, w, result.Namespace)
	result.First = errors.Is(err, backends.ErrNotFound)
	if result.First {
		r, err = createFirst(ctx, w, result.Namespace)
	}
	if err != nil {
		return nil, err
	}
	act, err := openRoute(ctx, w, r)
	if err != nil {
		return nil, err
	}
	result.Model, result.Locator, result.Generation = r.Model, r.Locator, r.Generation
	return &collectionWriter{active: act, result: result}, nil
}

// PutItems embeds and writes items. Those that the provider refuses are set aside;
// what the collection had under their ids stays.
func (c *collectionWriter) PutItems(ctx context.Context, items []backends.Item) error {
	o, err := c.syncOptions(ctx, &c.result.Refused)
	if err != nil {
		return err
	}
	p := reconcile.Pair{Target: c.generation, Embedder: c.embedder, CopiesPayload: c.copiesPayload, Shared: true}
	did, err := reconcile.Put(ctx, p, items, o)
	c.result.Sync.Add(did)
	return err
}

// DeleteItems removes records.
func (c *collectionWriter) DeleteItems(ctx context.Context, ids []string) error {
	return c.generation.Delete(ctx, ids)
}

// finish points the route at the first collection.
func (c *collectionWriter) finish(ctx context.Context) error {
	if !c.result.First {
		return nil
	}
	if err := c.index.Finish(ctx, c.route.Locator); err != nil {
		return fmt.Errorf("finish collection %s: %w", c.route.Locator, err)
	}
	_, err := route.Swap(ctx, c.registry, 0, c.route)
	return err
}
