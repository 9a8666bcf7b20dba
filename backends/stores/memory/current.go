package memory

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// Current is a generation that knows the table of its items: it can write what
// is still so there. Index.Over hands it out.
type Current struct {
	*Generation
	table string
}

var _ backends.ConditionalWriter = (*Current)(nil)

// UpsertCurrent looks and writes under one lock.
func (g *Current) UpsertCurrent(ctx context.Context, records []backends.Record) (moved []string, err error) {
	own, err := g.own(records)
	if err != nil {
		return nil, err
	}
	err = g.change(ctx, func(o *ordered[backends.Record]) error {
		t, err := g.store.table(g.table)
		if err != nil {
			return err
		}
		still := own[:0]
		for _, r := range own {
			if item, ok := t.rows[r.ID]; ok && item.Defect == "" && backends.ContentHash(item.Text) == r.Stamp.Content {
				still = append(still, r)
			} else {
				moved = append(moved, r.ID)
			}
		}
		o.put(still, func(r backends.Record) string { return r.ID })
		return nil
	})
	return moved, err
}

// DeleteAbsent looks and deletes under one lock.
func (g *Current) DeleteAbsent(ctx context.Context, ids []string) (there []string, err error) {
	err = g.change(ctx, func(o *ordered[backends.Record]) error {
		t, err := g.store.table(g.table)
		if err != nil {
			return err
		}
		var gone []string
		for _, id := range ids {
			if _, ok := t.rows[id]; ok {
				there = append(there, id)
			} else {
				gone = append(gone, id)
			}
		}
		o.remove(gone)
		return nil
	})
	return there, err
}
