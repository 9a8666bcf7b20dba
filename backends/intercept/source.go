package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

type source struct {
	next backends.Source
	in   Interceptor
}

// Source puts in around every call of s, and of what tells its changes, if it
// is a [backends.Capture].
func Source(s backends.Source, in Interceptor) backends.Source {
	plain := &source{s, in}
	if c, ok := backends.As[backends.Capture](s); ok {
		return &capturing{plain, c}
	}
	return plain
}

func (s *source) Unwrap() any { return s.next }

func (s *source) Ping(ctx context.Context) error {
	return act(ctx, s.in, Call{RoleSource, "Ping", 0}, s.next.Ping)
}

func (s *source) Count(ctx context.Context) (int64, bool, error) {
	type count struct {
		n     int64
		exact bool
	}
	c, err := run(ctx, s.in, Call{RoleSource, "Count", 0}, nil, func(ctx context.Context) (count, error) {
		n, exact, err := s.next.Count(ctx)
		return count{n, exact}, err
	})
	return c.n, c.exact, err
}

func (s *source) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	return run(ctx, s.in, Call{RoleSource, "Split", 0}, length, func(ctx context.Context) ([]backends.Key, error) {
		return s.next.Split(ctx, after, size, limit)
	})
}

func (s *source) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	return run(ctx, s.in, Call{RoleSource, "ReadPage", 0}, pageLength, func(ctx context.Context) (backends.Page[backends.Item], error) {
		return s.next.ReadPage(ctx, r, after, limit)
	})
}

func (s *source) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	return run(ctx, s.in, Call{RoleSource, "Lookup", len(ids)}, nil, func(ctx context.Context) ([]backends.Item, error) {
		return s.next.Lookup(ctx, ids)
	})
}

func length[T any](s []T) int { return len(s) }

func pageLength[T any](p backends.Page[T]) int { return len(p.Items) }
