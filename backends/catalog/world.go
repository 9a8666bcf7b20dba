package catalog

import (
	"context"
	"fmt"
	"sync"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// Decorators wrap what a World hands out; a nil one does nothing. Name is the
// namespace's or the model's.
type Decorators struct {
	Source   func(name string, s backends.Source) backends.Source
	Index    func(name string, i backends.Index) backends.Index
	Embedder func(name string, e backends.Embedder) backends.Embedder
	Registry func(r backends.Registry) backends.Registry
}

// World is a catalog with its stores opened as they are needed. It is safe for
// concurrent use; what it hands out stays open until Close.
type World struct {
	catalog    *Catalog
	decorators Decorators
	existing   bool

	mu        sync.Mutex
	closed    bool
	stores    map[string]*opening
	embedders map[string]backends.Embedder
}

// NewWorld opens nothing yet.
func NewWorld(c *Catalog, d Decorators) *World {
	return &World{catalog: c, decorators: d, stores: map[string]*opening{}, embedders: map[string]backends.Embedder{}}
}

// ExistingOnly makes the world open no store that opening would make, for those
// who only read: a typing error in a path would leave an empty store behind, and
// be answered from it. It returns w, and is called before anything is opened.
func (w *World) ExistingOnly() *World {
	w.existing = true
	return w
}

// Catalog is what the world is made of.
func (w *World) Catalog() *Catalog { return w.catalog }

// Namespace returns a catalog entry, or ErrNotFound with the names that exist.
func (w *World) Namespace(name string) (Namespace, error) {
	return lookup(w.catalog.Namespaces, "namespace", name, w.catalog.File)
}

// Model returns a catalog entry, or ErrNotFound with the names that exist.
func (w *World) Model(name string) (backends.Model, error) {
	m, err := lookup(w.catalog.Models, "model", name, w.catalog.File)
	return m.Model, err
}

// Source opens the namespace's source; of a self-contained one it is the
// collection that its route points at now, and ErrNotFound before the first route.
func (w *World) Source(ctx context.Context, namespace string) (backends.Source, error) {
	inside, err := w.SelfContained(ctx, namespace)
	if err != nil {
		return nil, err
	}
	if inside {
		r, err := w.Registry(ctx, namespace)
		if err != nil {
			return nil, err
		}
		now, err := route.Get(ctx, r, namespace)
		if err != nil {
			return nil, fmt.Errorf("items of self-contained namespace %q: %w", namespace, err)
		}
		return w.Items(ctx, namespace, now.Locator)
	}
	ns, store, err := w.storeOf(ctx, namespace)
	if err != nil {
		return nil, err
	}
	s, err := store.Source(ns)
	if err != nil {
		return nil, fmt.Errorf("source of namespace %q: %w", namespace, err)
	}
	return w.decorated(namespace, s), nil
}

// SourceOf opens what a generation is made from: the collection of that locator,
// or the namespace's source where the locator is empty.
func (w *World) SourceOf(ctx context.Context, namespace, collection string) (backends.Source, error) {
	if collection == "" {
		return w.Source(ctx, namespace)
	}
	return w.Items(ctx, namespace, collection)
}

// SelfContained reports whether the namespace's items live in its generations.
func (w *World) SelfContained(ctx context.Context, namespace string) (bool, error) {
	i, err := w.Index(ctx, namespace)
	if err != nil {
		return false, err
	}
	_, inside := backends.As[backends.SelfContained](i)
	return inside, nil
}

// Items opens a collection of a self-contained namespace as a source.
func (w *World) Items(ctx context.Context, namespace, locator string) (backends.Source, error) {
	i, err := w.Index(ctx, namespace)
	if err != nil {
		return nil, err
	}
	inside, ok := backends.As[backends.SelfContained](i)
	if !ok {
		return nil, fmt.Errorf("%w: namespace %q is not self-contained", backends.ErrUnsupported, namespace)
	}
	s, err := inside.Items(ctx, locator)
	if err != nil {
		return nil, fmt.Errorf("items of collection %s: %w", locator, err)
	}
	return w.decorated(namespace, s), nil
}

func (w *World) decorated(namespace string, s backends.Source) backends.Source {
	if w.decorators.Source == nil {
		return s
	}
	return w.decorators.Source(namespace, s)
}

// Index opens the namespace's index.
func (w *World) Index(ctx context.Context, namespace string) (backends.Index, error) {
	ns, store, err := w.storeOf(ctx, namespace)
	if err != nil {
		return nil, err
	}
	i, err := store.Index(ns)
	if err != nil {
		return nil, fmt.Errorf("index of namespace %q: %w", namespace, err)
	}
	if w.decorators.Index != nil {
		i = w.decorators.Index(namespace, i)
	}
	return i, nil
}

// Registry opens the registry that keeps the namespace's records.
func (w *World) Registry(ctx context.Context, namespace string) (backends.Registry, error) {
	name := w.catalog.Registry
	if name == "" {
		ns, err := w.Namespace(namespace)
		if err != nil {
			return nil, err
		}
		name = ns.Store
	}
	store, err := w.store(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := store.Registry()
	if err != nil {
		return nil, fmt.Errorf("registry in store %q: %w", name, err)
	}
	if w.decorators.Registry != nil {
		r = w.decorators.Registry(r)
	}
	return r, nil
}

// Embedder returns the model's embedder; one for all callers, so that its
// limits hold for the whole process.
func (w *World) Embedder(model string) (backends.Embedder, error) {
	m, err := lookup(w.catalog.Models, "model", model, w.catalog.File)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e, ok := w.embedders[model]; ok {
		return e, nil
	}
	e, err := w.catalog.Embedders[m.Embedder].Open(m.Model)
	if err != nil {
		return nil, fmt.Errorf("embedder %q of model %q: %w", m.Embedder, model, err)
	}
	if w.decorators.Embedder != nil {
		e = w.decorators.Embedder(model, e)
	}
	w.embedders[model] = e
	return e, nil
}

func (w *World) storeOf(ctx context.Context, namespace string) (Namespace, Store, error) {
	ns, err := w.Namespace(namespace)
	if err != nil {
		return Namespace{}, nil, err
	}
	store, err := w.store(ctx, ns.Store)
	return ns, store, err
}
