package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Backward deletes the records of the generation's range whose items are gone
// from the source, from the cursor on. An item counts as gone when two looks at
// the source, the second one after the whole page, did not find it. One that
// comes back between the second look and the delete has lost its record, if it
// had one, until the next sync: for verification to find. With Options.Current
// it keeps it, where the generation can tell.
func Backward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.WithDefaults()
	between, err := p.sides(nil)
	if err != nil || between.same() { // a collection has no record without an item
		return Result{Cursor: after, Done: err == nil}, err
	}
	l := newLimits(o)
	g := glance{source: p.Source, items: glanceItems, most: o.PageItems, bytes: o.MemoryBytes / 4}
	res := Result{Cursor: after}
	for !l.reached(res.Counts.Scanned) {
		pg, err := p.Target.ReadStamps(ctx, r, res.Cursor, backends.PageLimit{Items: o.PageItems})
		if err != nil {
			return res, fmt.Errorf("read stamps: %w", err)
		}
		ids := make([]string, len(pg.Items))
		for i, s := range pg.Items {
			ids[i] = s.ID
		}
		gone, err := g.absent(ctx, ids)
		if err == nil {
			gone, err = g.absent(ctx, gone)
		}
		if err != nil {
			return res, err
		}
		back, err := removeGone(ctx, p.Target, gone, o)
		if err != nil {
			return res, err
		}
		res.Counts.Scanned += int64(len(pg.Items))
		res.Counts.Deleted += int64(len(gone) - len(back))
		res.Counts.Moved += int64(len(back))
		res.Cursor = pg.Next
		if o.Report != nil {
			o.Report(res)
		}
		if pg.Done {
			res.Done = true
			return res, nil
		}
	}
	return res, nil
}

func remove(ctx context.Context, target backends.Generation, gone []string, o Options) error {
	if len(gone) == 0 {
		return nil
	}
	err := o.change(ctx, func(ctx context.Context) error { return target.Delete(ctx, gone) })
	if err != nil {
		return fmt.Errorf("delete %d records: %w", len(gone), err)
	}
	return nil
}

// removeGone is remove, with Options.Current of what is still gone, where the
// generation can tell; it returns the ids of items that came back.
func removeGone(ctx context.Context, target backends.Generation, gone []string, o Options) (back []string, err error) {
	current, ok := backends.As[backends.ConditionalWriter](target)
	if !o.Current || !ok || len(gone) == 0 {
		return nil, remove(ctx, target, gone, o)
	}
	err = o.change(ctx, func(ctx context.Context) error {
		back, err = current.DeleteAbsent(ctx, gone)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("delete %d records: %w", len(gone), err)
	}
	return back, nil
}

// glanceItems is how many ids the first glance asks for.
const glanceItems = 10

// glance asks the source for ids. Its answers bring the texts along, so it asks
// for as many at once as take about half of its bytes, going by the last ones.
type glance struct {
	source backends.Source
	items  int   // of the next lookup
	most   int   // items of any
	bytes  int64 // that one lookup may bring
}

// absent returns those of the ids that the source does not have.
func (g *glance) absent(ctx context.Context, ids []string) ([]string, error) {
	var gone []string
	for len(ids) > 0 {
		part := ids[:min(g.items, len(ids))]
		ids = ids[len(part):]
		items, _, err := g.look(ctx, part)
		if err != nil {
			return nil, err
		}
		gone = append(gone, missing(part, items)...)
	}
	return gone, nil
}

// look is one lookup, and what its answer weighs.
func (g *glance) look(ctx context.Context, part []string) (items []backends.Item, bytes int64, err error) {
	items, err = g.source.Lookup(ctx, part)
	if err != nil {
		return nil, 0, fmt.Errorf("look items up: %w", err)
	}
	for i := range items {
		bytes += int64(items[i].Bytes())
	}
	fit := int64(len(part)) * g.bytes / 2 / max(1, bytes)
	g.items = max(1, int(min(fit, int64(2*g.items), int64(g.most))))
	return items, bytes, nil
}

// missing returns those of the ids that are not among the items.
func missing(ids []string, items []backends.Item) (gone []string) {
	there := make(map[string]struct{}, len(items))
	for i := range items {
		there[items[i].ID] = struct{}{}
	}
	for _, id := range ids {
		if _, ok := there[id]; !ok {
			gone = append(gone, id)
		}
	}
	return gone
}
