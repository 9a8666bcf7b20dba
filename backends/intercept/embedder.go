package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

type embedder struct {
	backends.Embedder
	in Interceptor
}

// Embedder puts in around every call of e.
func Embedder(e backends.Embedder, in Interceptor) backends.Embedder { return &embedder{e, in} }

func (e *embedder) Unwrap() any { return e.Embedder }

func (e *embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	return run(ctx, e.in, Call{RoleEmbedder, "Embed", len(texts)}, nil, func(ctx context.Context) (backends.Embedding, error) {
		return e.Embedder.Embed(ctx, purpose, texts)
	})
}
