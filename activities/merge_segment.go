package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// Mirror is the job with its collections exchanged: what brings changes of the
// target into the source. model and fingerprint are of the source's generation.
func (j Job) Mirror(model backends.Model, fingerprint string) Job {
	j.From, j.To, j.Fingerprint = j.To.Name, model, fingerprint
	j.Source, j.Locator = j.Locator, j.Source
	return j
}

// mergeRange is a share of a merge.
func mergeRange(ctx context.Context, o opened, p reconcile.Pair, r SegmentRequest, after backends.Cursor, opts reconcile.Options) (reconcile.Result, error) {
	none := reconcile.Result{Cursor: after}
	if p.Collection == nil {
		return none, fmt.Errorf("%w: a merge of namespace %q, which is not self-contained", backends.ErrInvalidInput, r.Job.Namespace)
	}
	now, err := route.Get(ctx, o.registry, r.Job.Namespace)
	if err != nil {
		return none, err
	}
	c := &conflicts{opened: o, active: now.Locator}
	known, err := c.known(ctx)
	if err != nil {
		return none, err
	}
	standing := make(map[string]bool, len(known))
	for _, k := range known {
		standing[k.ID] = true
	}
	if r.Range.From == "" && after == "" { // once a sweep
		if err := c.forget(ctx, p, known); err != nil {
			return none, err
		}
	}
	return reconcile.Sweep(ctx, reconcile.Merge{
		Items: p.Source, From: p.Collection, To: p.Target, Embedder: p.Embedder, Heal: now.Locator != r.Job.Locator,
		Conflict: c.put, Standing: standing, Settled: c.end,
	}, r.Range, after, opts)
}
