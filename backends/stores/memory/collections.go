package memory

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Collections is the generations of a self-contained namespace: their records
// hold text and payload, and applications write them through [Writer].
type Collections struct{ *Index }

var (
	_ backends.Index         = (*Collections)(nil)
	_ backends.SelfContained = (*Collections)(nil)
)

// Traits say that payloads are copied, and what applications can do.
func (x *Collections) Traits() backends.IndexTraits {
	return backends.IndexTraits{
		CopiesPayload:  true,
		ForeignWriters: "nothing: what an application changes is seen, and no write of it is overwritten",
	}
}

// Create makes or opens a collection.
func (x *Collections) Create(ctx context.Context, spec backends.GenerationSpec) (backends.Generation, error) {
	return x.collection(x.Index.Create(ctx, spec))
}

// Open opens a collection of the namespace.
func (x *Collections) Open(ctx context.Context, locator string) (backends.Generation, error) {
	return x.collection(x.Index.Open(ctx, locator))
}

func (x *Collections) collection(g backends.Generation, err error) (backends.Generation, error) {
	if err != nil {
		return nil, err
	}
	return &Collection{Generation: &Generation{store: x.store, spec: g.Spec()}}, nil
}

// Items reads a collection of the namespace.
func (x *Collections) Items(ctx context.Context, locator string) (backends.Source, error) {
	if _, err := x.Index.Open(ctx, locator); err != nil {
		return nil, err
	}
	return &Items{store: x.store, locator: locator}, nil
}

// Adopt makes a collection of an application's the namespace's.
func (x *Collections) Adopt(ctx context.Context, spec backends.GenerationSpec) (backends.Generation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	g, ok := x.store.generations[spec.Locator]
	if !ok || g.namespace != "" && g.namespace != x.namespace {
		return nil, fmt.Errorf("%w: collection %q", backends.ErrNotFound, spec.Locator)
	}
	have, want := g.spec, spec
	have.Model, want.Model = "", ""
	if g.namespace == "" { // the application knows no fingerprint
		have.Fingerprint = want.Fingerprint
	}
	if have != want {
		return nil, fmt.Errorf("%w: collection %q is of another fingerprint, dimensions or metric", backends.ErrConflict, spec.Locator)
	}
	if g.namespace == "" {
		g.namespace, g.spec = x.namespace, spec
	}
	return &Collection{Generation: &Generation{store: x.store, spec: g.spec}}, nil
}
