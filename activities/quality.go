package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/patient"
	"github.com/reembed/reembed/backends/route"
)

// compare scores the target against the active generation, where there is
// another one whose model this catalog still has.
func (a *Activities) compare(ctx context.Context, o opened, after verify.Searchable) (verify.Quality, error) {
	gold := o.namespace.Golden
	queries, err := verify.ReadGolden(gold.Queries, gold.Qrels)
	if err != nil {
		return verify.Quality{}, err
	}
	bounds := verify.Bounds{MinNDCG: gold.MinNDCG, MaxDrop: gold.MaxDrop}
	now, err := route.Get(ctx, o.registry, o.job.Namespace)
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return verify.Compare(ctx, queries, nil, after, bounds)
	case err != nil:
		return verify.Quality{}, err
	case now.Locator == o.job.Locator:
		return verify.Compare(ctx, queries, nil, after, bounds)
	}
	before, err := searchable(ctx, a.World, o.index, now)
	if err != nil && !errors.Is(err, backends.ErrNotFound) && !errors.Is(err, errCatalogMismatch) {
		return verify.Quality{}, err
	}
	if err != nil { // the former model is gone: a drop can't be measured
		q, qerr := verify.Compare(ctx, queries, nil, after, bounds)
		if bounds.MaxDrop > 0 {
			q.Failed = append(q.Failed, "max_drop can't be checked: "+err.Error())
		}
		return q, qerr
	}
	return verify.Compare(ctx, queries, &before, after, bounds)
}

// searchable opens what a route points at, to ask golden queries of it.
// ErrNotFound where the catalog or the store has it no more; CATALOG_MISMATCH
// where the catalog means another model by the route's name.
func searchable(ctx context.Context, w *catalog.World, index backends.Index, r route.Route) (verify.Searchable, error) {
	m, err := w.Model(r.Model)
	if err != nil {
		return verify.Searchable{}, err
	}
	if m.Fingerprint() != r.Fingerprint {
		return verify.Searchable{}, because(errCatalogMismatch, "model %s is not any more what the route of namespace %q points at (%s)",
			r.Model, r.Namespace, r.Fingerprint)
	}
	e, err := w.Embedder(r.Model)
	if err != nil {
		return verify.Searchable{}, err
	}
	s := verify.Searchable{Embedder: patient.ForMany(e)}
	if s.Generation, err = index.Open(ctx, r.Locator); err != nil {
		return s, fmt.Errorf("open generation %s: %w", r.Locator, err)
	}
	return s, nil
}
