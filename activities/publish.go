package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// Publish shows a namespace's active generation under the name that the catalog
// gives it, if it gives it one. It asks the route which one that is, so that it
// is the same after a switch and after a way back, and however late it comes.
// Idempotent. CONFLICT where something else has the name.
func (a *Activities) Publish(ctx context.Context, namespace string) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.publish(ctx, namespace))
}

func (a *Activities) publish(ctx context.Context, namespace string) error {
	ns, err := a.World.Namespace(namespace)
	if err != nil {
		return because(errCatalogMismatch, "%w", err)
	}
	if ns.Publish == "" { // it was taken out of the catalog meanwhile
		return nil
	}
	reg, err := a.World.Registry(ctx, namespace)
	if err != nil {
		return err
	}
	now, err := route.Get(ctx, reg, namespace)
	if err != nil {
		return err
	}
	index, err := a.World.Index(ctx, namespace)
	if err != nil {
		return err
	}
	p, can := backends.As[backends.Publisher](index)
	if !can {
		return fmt.Errorf("%w: the store of namespace %q can't publish", backends.ErrUnsupported, namespace)
	}
	return p.Publish(ctx, now.Locator)
}
