package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// publish asks what the published name shows: nothing but the active generation,
// or nothing yet.
func (c *check) publish(ctx context.Context, ns Namespace) {
	if ns.Publish == "" {
		return
	}
	key := "namespaces." + ns.Name + ".publish"
	c.ask(ctx, key, func(ctx context.Context) (string, error) {
		index, err := c.world.Index(ctx, ns.Name)
		if err != nil {
			return "", err
		}
		p, can := backends.As[backends.Publisher](index)
		if !can {
			return "", fmt.Errorf("%w: the store can't publish", backends.ErrUnsupported)
		}
		shown, err := p.Published(ctx)
		if errors.Is(err, backends.ErrNotFound) {
			return "nothing yet: the next switch makes it", nil
		}
		if err != nil {
			return "", err
		}
		reg, err := c.world.Registry(ctx, ns.Name)
		if err != nil {
			return "", err
		}
		now, err := route.Get(ctx, reg, ns.Name)
		if err != nil {
			return "", err
		}
		if now.Locator != shown {
			return "", fmt.Errorf("%w: %s shows %s, and active is %s: a job to the active model sets it right", backends.ErrConflict, ns.Publish, shown, now.Locator)
		}
		return fmt.Sprintf("%s shows %s", ns.Publish, shown), nil
	})
}
