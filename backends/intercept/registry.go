package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

type registry struct {
	next backends.Registry
	in   Interceptor
}

// Registry puts in around every call of r.
func Registry(r backends.Registry, in Interceptor) backends.Registry { return &registry{r, in} }

func (r *registry) Unwrap() any { return r.next }

func (r *registry) Ping(ctx context.Context) error {
	return act(ctx, r.in, Call{RoleRegistry, "Ping", 0}, r.next.Ping)
}

func (r *registry) Get(ctx context.Context, kind, key string) (backends.Entry, error) {
	return run(ctx, r.in, Call{RoleRegistry, "Get", 1}, nil, func(ctx context.Context) (backends.Entry, error) {
		return r.next.Get(ctx, kind, key)
	})
}

func (r *registry) Put(ctx context.Context, kind, key string, version int64, value []byte) (int64, error) {
	return run(ctx, r.in, Call{RoleRegistry, "Put", 1}, nil, func(ctx context.Context) (int64, error) {
		return r.next.Put(ctx, kind, key, version, value)
	})
}

func (r *registry) Delete(ctx context.Context, kind, key string, version int64) error {
	return act(ctx, r.in, Call{RoleRegistry, "Delete", 1}, func(ctx context.Context) error {
		return r.next.Delete(ctx, kind, key, version)
	})
}

func (r *registry) List(ctx context.Context, kind, prefix, after string, limit int) ([]backends.Entry, error) {
	return run(ctx, r.in, Call{RoleRegistry, "List", 0}, length, func(ctx context.Context) ([]backends.Entry, error) {
		return r.next.List(ctx, kind, prefix, after, limit)
	})
}
