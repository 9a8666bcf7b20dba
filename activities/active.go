package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// Active is the pair that a namespace is searched with now.
type Active struct {
	Route      Route // Version 0 where nothing was ever switched to
	Model      backends.Model
	Generation backends.Generation
	Embedder   backends.Embedder
}

// OpenActive opens the active generation of a namespace with its model: what
// the route says, or before the first switch what the catalog begins with.
// ErrNotFound where there is no such generation yet; an error that names the
// keys where the catalog gives the model another fingerprint than the route has.
func OpenActive(ctx context.Context, w *catalog.World, namespace string) (Active, error) {
	ns, err := w.Namespace(namespace)
	if err != nil {
		return Active{}, err
	}
	index, err := w.Index(ctx, namespace)
	if err != nil {
		return Active{}, err
	}
	reg, err := w.Registry(ctx, namespace)
	if err != nil {
		return Active{}, err
	}
	now, err := route.Get(ctx, reg, namespace)
	if errors.Is(err, backends.ErrNotFound) {
		now, err = firstRoute(w, ns, index)
	}
	if err != nil {
		return Active{}, err
	}
	return openRoute(ctx, w, index, now)
}

// firstRoute is where a namespace is searched before its first switch.
func firstRoute(w *catalog.World, ns catalog.Namespace, index backends.Index) (route.Route, error) {
	m, err := w.Model(ns.Model)
	if err != nil {
		return route.Route{}, err
	}
	return route.Route{
		Namespace: ns.Name, Locator: index.Locator(m), Model: m.Name, Fingerprint: m.Fingerprint(),
		Dimensions: m.Dimensions, Metric: m.Metric,
	}, nil
}

func openRoute(ctx context.Context, w *catalog.World, index backends.Index, r route.Route) (Active, error) {
	a := Active{Route: r}
	var err error
	if a.Model, err = w.Model(r.Model); err != nil {
		return a, err
	}
	if a.Model.Fingerprint() != r.Fingerprint {
		return a, because(errCatalogMismatch, "model %s is not any more what the route of namespace %q points at (%s)",
			r.Model, r.Namespace, r.Fingerprint)
	}
	if a.Embedder, err = w.Embedder(r.Model); err != nil {
		return a, err
	}
	if a.Generation, err = index.Open(ctx, r.Locator); err != nil {
		return a, fmt.Errorf("open generation %s: %w", r.Locator, err)
	}
	return a, nil
}

// searchable is what golden queries are asked of.
func searchable(ctx context.Context, w *catalog.World, index backends.Index, r route.Route) (verify.Searchable, error) {
	a, err := openRoute(ctx, w, index, r)
	return verify.Searchable{Generation: a.Generation, Embedder: a.Embedder}, err
}

// Quality scores a namespace's active generation on its golden queries.
// ErrNotFound where the namespace has none.
func Quality(ctx context.Context, w *catalog.World, namespace string) (verify.Scores, error) {
	ns, err := w.Namespace(namespace)
	if err != nil {
		return verify.Scores{}, err
	}
	if ns.Golden == nil {
		return verify.Scores{}, fmt.Errorf("%w: namespace %q has no golden queries", backends.ErrNotFound, namespace)
	}
	queries, err := verify.ReadGolden(ns.Golden.Queries, ns.Golden.Qrels)
	if err != nil {
		return verify.Scores{}, err
	}
	a, err := OpenActive(ctx, w, namespace)
	if err != nil {
		return verify.Scores{}, err
	}
	return verify.Score(ctx, queries, verify.Searchable{Generation: a.Generation, Embedder: a.Embedder})
}

// Diff verifies the active generation of a namespace: every item, every record,
// and a sample embedded again. It needs no job and changes nothing; what it
// finds it has seen twice. Progress, which may be nil, is told what was read so far.
func Diff(ctx context.Context, w *catalog.World, namespace string, progress func(Verification)) (Verification, error) {
	a, err := OpenActive(ctx, w, namespace)
	if err != nil {
		return Verification{}, err
	}
	source, err := w.Source(ctx, namespace)
	if err != nil {
		return Verification{}, err
	}
	index, err := w.Index(ctx, namespace)
	if err != nil {
		return Verification{}, err
	}
	reg, err := w.Registry(ctx, namespace)
	if err != nil {
		return Verification{}, err
	}
	known, err := knownRefusals(ctx, reg, namespace, a.Route.Fingerprint)
	if err != nil {
		return Verification{}, err
	}
	traits := index.Traits()
	pair := verify.Pair{Source: source, Target: a.Generation, Model: a.Model, CopiesPayload: traits.CopiesPayload}
	opts := verify.Options{Known: known}
	if progress != nil {
		opts.Seen = func(_ backends.Cursor, v Verification) { progress(v) }
	}
	report, err := verify.All(ctx, pair, opts)
	if err != nil {
		return report, err
	}
	sample, err := verify.Sample(ctx, pair, a.Embedder, verify.SampleOptions{ANN: traits.ANN})
	report.Merge(sample)
	return report, err
}
