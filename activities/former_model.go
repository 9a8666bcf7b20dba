package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

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
	s := verify.Searchable{Embedder: patiently(e)}
	if s.Generation, err = index.Open(ctx, r.Locator); err != nil {
		return s, fmt.Errorf("open generation %s: %w", r.Locator, err)
	}
	return s, nil
}
