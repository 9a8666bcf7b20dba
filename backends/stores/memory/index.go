package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// Index is the generations of one namespace.
type Index struct {
	store     *Store
	namespace string
	published string // name that the active generation is shown under; empty: none
	table     string // of its items; empty: unknown
}

var (
	_ backends.Index     = (*Index)(nil)
	_ backends.Describer = (*Index)(nil)
)

// Over returns the index of a namespace whose items are in a table of the same
// store: its generations are [backends.ConditionalWriter]s.
func (x *Index) Over(table string) *Index {
	over := *x
	over.table = table
	return &over
}

// handle opens a generation.
func (x *Index) handle(spec backends.GenerationSpec) backends.Generation {
	g := &Generation{store: x.store, spec: spec}
	if x.table == "" {
		return g
	}
	return &Current{Generation: g, table: x.table}
}

// generation is what a store keeps of one.
type generation struct {
	namespace string
	spec      backends.GenerationSpec
	created   time.Time
	records   *ordered[backends.Record]
	revisions map[string]int64 // by id; of collections
}

func newGeneration(namespace string, spec backends.GenerationSpec) *generation {
	return &generation{
		namespace: namespace, spec: spec, created: time.Now().UTC(),
		records: newOrdered[backends.Record](), revisions: map[string]int64{},
	}
}

// Ping never fails.
func (x *Index) Ping(ctx context.Context) error { return ctx.Err() }

// Traits are those of the store's Config.
func (x *Index) Traits() backends.IndexTraits {
	return backends.IndexTraits{
		CopiesPayload:  x.store.config.CopiesPayload,
		ForeignWriters: "a vector that is written over under its stamp is found by sampling only",
	}
}

// Locator is the namespace and the fingerprint.
func (x *Index) Locator(m backends.Model) string { return x.namespace + "@" + m.Fingerprint() }

// Generations lists the namespace's.
func (x *Index) Generations(ctx context.Context) ([]backends.GenerationSpec, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.store.mu.RLock()
	defer x.store.mu.RUnlock()
	var specs []backends.GenerationSpec
	for _, g := range x.store.generations {
		if g.namespace == x.namespace {
			specs = append(specs, g.spec)
		}
	}
	slices.SortFunc(specs, func(a, b backends.GenerationSpec) int { return strings.Compare(a.Locator, b.Locator) })
	return specs, nil
}

// Create makes or opens a generation.
func (x *Index) Create(ctx context.Context, spec backends.GenerationSpec) (backends.Generation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fingerprint, ours := strings.CutPrefix(spec.Locator, x.namespace+"@")
	switch {
	case !ours || fingerprint == "" || strings.Contains(fingerprint, "@"):
		return nil, fmt.Errorf("%w: locator %q is not of namespace %q", backends.ErrInvalidInput, spec.Locator, x.namespace)
	case spec.Dimensions < 1 || spec.Dimensions > backends.MaxDimensions:
		return nil, fmt.Errorf("%w: %d, between 1 and %d", backends.ErrDimension, spec.Dimensions, backends.MaxDimensions)
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	g, ok := x.store.generations[spec.Locator]
	if !ok {
		g = newGeneration(x.namespace, spec)
		x.store.generations[spec.Locator] = g
	}
	have := g.spec
	have.Model = spec.Model // for people only: two names may have one fingerprint
	if have != spec {
		return nil, fmt.Errorf("%w: generation %q is of another fingerprint, dimensions or metric", backends.ErrConflict, spec.Locator)
	}
	return x.handle(g.spec), nil
}

// Open opens a generation of the namespace.
func (x *Index) Open(ctx context.Context, locator string) (backends.Generation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.store.mu.RLock()
	defer x.store.mu.RUnlock()
	g, ok := x.store.generations[locator]
	if !ok || g.namespace != x.namespace {
		return nil, fmt.Errorf("%w: generation %q of namespace %q", backends.ErrNotFound, locator, x.namespace)
	}
	return x.handle(g.spec), nil
}

// Describe counts what the records take.
func (x *Index) Describe(ctx context.Context, locator string) (backends.GenerationInfo, error) {
	if _, err := x.Open(ctx, locator); err != nil {
		return backends.GenerationInfo{}, err
	}
	x.store.mu.RLock()
	defer x.store.mu.RUnlock()
	g, ok := x.store.generations[locator]
	if !ok {
		return backends.GenerationInfo{}, fmt.Errorf("%w: generation %q was dropped", backends.ErrNotFound, locator)
	}
	info := backends.GenerationInfo{GenerationSpec: g.spec, CreatedAt: g.created, Records: int64(len(g.records.ids))}
	for id, r := range g.records.rows {
		info.Bytes += int64(len(id) + 4*len(r.Vector) + len(r.Text) + len(r.Payload))
	}
	return info, nil
}

// Finish has nothing to build.
func (x *Index) Finish(ctx context.Context, locator string) error {
	_, err := x.Open(ctx, locator)
	return err
}

// Drop forgets a generation of the namespace.
func (x *Index) Drop(ctx context.Context, locator string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if g, ok := x.store.generations[locator]; ok && g.namespace == x.namespace {
		delete(x.store.generations, locator)
	}
	return nil
}
