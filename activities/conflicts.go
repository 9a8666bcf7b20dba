package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

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

// namedConflicts is how many ids a message names.
const namedConflicts = 3

// checkConflicts refuses to drop a collection that holds one of two versions of
// an item which nobody has decided between.
func checkConflicts(ctx context.Context, reg backends.Registry, job Job) error {
	if job.Source == "" {
		return nil
	}
	open, err := (&conflicts{opened: opened{job: job, registry: reg}}).known(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	var ids []string
	for _, c := range open[:min(namedConflicts, len(open))] {
		ids = append(ids, c.ID)
	}
	return fmt.Errorf("%w: %d items say different things in %s and in the active collection, as %q: see 'reembed conflicts %s', and keep one of each",
		backends.ErrConflict, len(open), job.Locator, ids, job.Namespace)
}

// disputed blocks a job that would write over one side of a conflict.
func (p *planner) disputed(ctx context.Context) error {
	if p.job.Source == "" || p.job.Source == p.job.Locator {
		return nil
	}
	all, err := records.AllConflicts(ctx, p.registry, p.job.Namespace)
	if err != nil {
		return err
	}
	n := 0
	for _, c := range all {
		if c.Active.Locator == p.Locator || c.Former.Locator == p.Locator {
			n++
		}
	}
	if n > 0 {
		p.block("%d items say different things in %s than in another collection: see 'reembed conflicts %s', and keep one of each", n, p.Locator, p.Namespace)
	}
	return nil
}
