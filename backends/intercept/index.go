package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

type index struct {
	backends.Index
	in Interceptor
}

// Index puts in around every call of i, and of the generations it hands out.
func Index(i backends.Index, in Interceptor) backends.Index { return &index{i, in} }

func (i *index) Unwrap() any { return i.Index }

func (i *index) Ping(ctx context.Context) error {
	return act(ctx, i.in, Call{RoleIndex, "Ping", 0}, i.Index.Ping)
}

func (i *index) Generations(ctx context.Context) ([]backends.GenerationSpec, error) {
	return run(ctx, i.in, Call{RoleIndex, "Generations", 0}, length, i.Index.Generations)
}

func (i *index) Create(ctx context.Context, spec backends.GenerationSpec) (backends.Generation, error) {
	g, err := run(ctx, i.in, Call{RoleIndex, "Create", 0}, nil, func(ctx context.Context) (backends.Generation, error) {
		return i.Index.Create(ctx, spec)
	})
	if err != nil {
		return nil, err
	}
	return Generation(g, i.in), nil
}

func (i *index) Open(ctx context.Context, locator string) (backends.Generation, error) {
	g, err := run(ctx, i.in, Call{RoleIndex, "Open", 0}, nil, func(ctx context.Context) (backends.Generation, error) {
		return i.Index.Open(ctx, locator)
	})
	if err != nil {
		return nil, err
	}
	return Generation(g, i.in), nil
}

func (i *index) Finish(ctx context.Context, locator string) error {
	return act(ctx, i.in, Call{RoleIndex, "Finish", 0}, func(ctx context.Context) error {
		return i.Index.Finish(ctx, locator)
	})
}

func (i *index) Drop(ctx context.Context, locator string) error {
	return act(ctx, i.in, Call{RoleIndex, "Drop", 0}, func(ctx context.Context) error {
		return i.Index.Drop(ctx, locator)
	})
}
