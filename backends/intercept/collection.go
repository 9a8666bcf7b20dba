package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// collection is a generation that has the ability of a collection, too.
type collection struct {
	generation
	held backends.Collection
}

func (c *collection) Held(ctx context.Context, ids []string) (map[string]backends.Held, error) {
	return run(ctx, c.in, Call{RoleGeneration, "Held", len(ids)}, nil, func(ctx context.Context) (map[string]backends.Held, error) {
		return c.held.Held(ctx, ids)
	})
}

func (c *collection) UpsertOver(ctx context.Context, records []backends.Record, seen map[string]string) ([]string, error) {
	return run(ctx, c.in, Call{RoleGeneration, "UpsertOver", len(records)}, nil, func(ctx context.Context) ([]string, error) {
		return c.held.UpsertOver(ctx, records, seen)
	})
}

func (c *collection) DeleteOver(ctx context.Context, seen map[string]string) ([]string, error) {
	return run(ctx, c.in, Call{RoleGeneration, "DeleteOver", len(seen)}, nil, func(ctx context.Context) ([]string, error) {
		return c.held.DeleteOver(ctx, seen)
	})
}

func (c *collection) SetBases(ctx context.Context, bases map[string]backends.Base, seen map[string]string) error {
	return act(ctx, c.in, Call{RoleGeneration, "SetBases", len(bases)}, func(ctx context.Context) error {
		return c.held.SetBases(ctx, bases, seen)
	})
}
