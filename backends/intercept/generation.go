package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

type generation struct {
	next backends.Generation
	in   Interceptor
}

// Generation puts in around every call of g, also those of a collection's ability,
// and of conditional writes.
func Generation(g backends.Generation, in Interceptor) backends.Generation {
	plain := &generation{g, in}
	if held, ok := backends.As[backends.Collection](g); ok {
		return &collection{*plain, held}
	}
	if w, ok := backends.As[backends.ConditionalWriter](g); ok {
		return &conditional{plain, w}
	}
	return plain
}

func (g *generation) Unwrap() any { return g.next }

func (g *generation) Spec() backends.GenerationSpec { return g.next.Spec() }

func (g *generation) Stamps(ctx context.Context, ids []string) (map[string]backends.Stamp, error) {
	return run(ctx, g.in, Call{RoleGeneration, "Stamps", len(ids)}, nil, func(ctx context.Context) (map[string]backends.Stamp, error) {
		return g.next.Stamps(ctx, ids)
	})
}

func (g *generation) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	return run(ctx, g.in, Call{RoleGeneration, "Split", 0}, length, func(ctx context.Context) ([]backends.Key, error) {
		return g.next.Split(ctx, after, size, limit)
	})
}

func (g *generation) ReadStamps(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Stamped], error) {
	return run(ctx, g.in, Call{RoleGeneration, "ReadStamps", 0}, pageLength, func(ctx context.Context) (backends.Page[backends.Stamped], error) {
		return g.next.ReadStamps(ctx, r, after, limit)
	})
}

func (g *generation) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	return run(ctx, g.in, Call{RoleGeneration, "Fetch", len(ids)}, nil, func(ctx context.Context) ([]backends.Record, error) {
		return g.next.Fetch(ctx, ids)
	})
}

func (g *generation) Upsert(ctx context.Context, records []backends.Record) error {
	return act(ctx, g.in, Call{RoleGeneration, "Upsert", len(records)}, func(ctx context.Context) error {
		return g.next.Upsert(ctx, records)
	})
}

func (g *generation) SetPayload(ctx context.Context, records []backends.Record) error {
	return act(ctx, g.in, Call{RoleGeneration, "SetPayload", len(records)}, func(ctx context.Context) error {
		return g.next.SetPayload(ctx, records)
	})
}

func (g *generation) Delete(ctx context.Context, ids []string) error {
	return act(ctx, g.in, Call{RoleGeneration, "Delete", len(ids)}, func(ctx context.Context) error {
		return g.next.Delete(ctx, ids)
	})
}

func (g *generation) Count(ctx context.Context) (int64, error) {
	return run(ctx, g.in, Call{RoleGeneration, "Count", 0}, nil, g.next.Count)
}

func (g *generation) Search(ctx context.Context, q backends.Query) ([]backends.Hit, error) {
	return run(ctx, g.in, Call{RoleGeneration, "Search", 0}, length, func(ctx context.Context) ([]backends.Hit, error) {
		return g.next.Search(ctx, q)
	})
}
