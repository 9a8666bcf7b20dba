package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Backward deletes the records of the generation's range whose items are gone
// from the source, from the cursor on. An item counts as gone when two looks at
// the source, the second one after the whole page, did not find it.
func Backward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.WithDefaults()
	l := newLimits(o)
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
		gone, err := absent(ctx, p.Source, ids)
		if err == nil {
			gone, err = absent(ctx, p.Source, gone)
		}
		if err != nil {
			return res, err
		}
		if err := remove(ctx, p.Target, gone, o); err != nil {
			return res, err
		}
		res.Counts.Scanned += int64(len(pg.Items))
		res.Counts.Deleted += int64(len(gone))
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

// absent returns those of the ids that the source does not have.
func absent(ctx context.Context, source backends.Source, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	items, err := source.Lookup(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look items up: %w", err)
	}
	there := make(map[string]struct{}, len(items))
	for _, item := range items {
		there[item.ID] = struct{}{}
	}
	var gone []string
	for _, id := range ids {
		if _, ok := there[id]; !ok {
			gone = append(gone, id)
		}
	}
	return gone, nil
}
