package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
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

// conflicts binds the registry's conflicts to one segment.
type conflicts struct {
	opened
	active string // locator that is searched
}

// known are the conflicts between the job's two collections: those with a third
// one, of a soak before, are a person's to end.
func (c *conflicts) known(ctx context.Context) ([]records.Conflict, error) {
	all, err := records.AllConflicts(ctx, c.registry, c.job.Namespace)
	return slices.DeleteFunc(all, func(k records.Conflict) bool {
		a, f := k.Active.Locator, k.Former.Locator
		return (a != c.job.Source || f != c.job.Locator) && (a != c.job.Locator || f != c.job.Source)
	}), err
}

func (c *conflicts) put(ctx context.Context, found []reconcile.Conflict) error {
	for _, f := range found {
		active := records.ConflictSide{Locator: c.job.Source, Version: f.From}
		former := records.ConflictSide{Locator: c.job.Locator, Version: f.To}
		if c.active == c.job.Locator {
			active, former = former, active
		}
		err := records.PutConflict(ctx, c.registry, c.job.Namespace, records.Conflict{
			ID: f.ID, Active: active, Former: former, At: time.Now().UTC(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *conflicts) end(ctx context.Context, ids []string) error {
	return records.DeleteConflicts(ctx, c.registry, c.job.Namespace, ids...)
}

// forget ends conflicts of items that no sweep meets any more: they are gone
// from both collections.
func (c *conflicts) forget(ctx context.Context, p reconcile.Pair, known []records.Conflict) error {
	for len(known) > 0 {
		part := known[:min(lookupItems, len(known))]
		known = known[len(part):]
		ids := make([]string, len(part))
		for i, k := range part {
			ids[i] = k.ID
		}
		from, err := p.Collection.Stamps(ctx, ids)
		if err != nil {
			return fmt.Errorf("look at conflicts: %w", err)
		}
		to, err := p.Target.Stamps(ctx, ids)
		if err != nil {
			return fmt.Errorf("look at conflicts: %w", err)
		}
		for _, id := range ids {
			_, here := from[id]
			_, there := to[id]
			if here || there {
				continue
			}
			if err := c.end(ctx, []string{id}); err != nil {
				return err
			}
		}
	}
	return nil
}
