package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
)

// Generation is an opened generation.
type Generation struct {
	store *Store
	spec  backends.GenerationSpec
}

var _ backends.Generation = (*Generation)(nil)

// Spec is what the generation was created as.
func (g *Generation) Spec() backends.GenerationSpec { return g.spec }

func (g *Generation) view(ctx context.Context, f func(*ordered[backends.Record]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.store.mu.RLock()
	defer g.store.mu.RUnlock()
	return g.with(f)
}

func (g *Generation) change(ctx context.Context, f func(*ordered[backends.Record]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	return g.with(f)
}

func (g *Generation) with(f func(*ordered[backends.Record]) error) error {
	have, ok := g.store.generations[g.spec.Locator]
	if !ok {
		return fmt.Errorf("%w: generation %q was dropped", backends.ErrNotFound, g.spec.Locator)
	}
	return f(have.records)
}

// Stamps finds stamps by id.
func (g *Generation) Stamps(ctx context.Context, ids []string) (map[string]backends.Stamp, error) {
	stamps := map[string]backends.Stamp{}
	err := g.view(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range o.pick(ids) {
			stamps[r.ID] = r.Stamp
		}
		return nil
	})
	return stamps, err
}

// Split cuts the generation by ids.
func (g *Generation) Split(ctx context.Context, after backends.Key, size, limit int) (keys []backends.Key, err error) {
	err = g.view(ctx, func(o *ordered[backends.Record]) error {
		keys, err = o.split(after, size, limit)
		return err
	})
	return keys, err
}

// ReadStamps reads by ids.
func (g *Generation) ReadStamps(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Stamped], error) {
	var page backends.Page[backends.Stamped]
	err := g.view(ctx, func(o *ordered[backends.Record]) error {
		limit.Bytes = 0
		records, err := o.read(r, after, limit, func(backends.Record) int { return 0 })
		page.Next, page.Done = records.Next, records.Done
		for _, rec := range records.Items {
			page.Items = append(page.Items, backends.Stamped{ID: rec.ID, Stamp: rec.Stamp})
		}
		return err
	})
	return page, err
}

// Fetch finds records by id.
func (g *Generation) Fetch(ctx context.Context, ids []string) (records []backends.Record, err error) {
	err = g.view(ctx, func(o *ordered[backends.Record]) error {
		records = o.pick(ids)
		for i := range records {
			records[i] = cloneRecord(records[i])
		}
		return nil
	})
	return records, err
}

// Upsert checks all records, then writes them.
func (g *Generation) Upsert(ctx context.Context, records []backends.Record) error {
	own, err := g.own(records)
	if err != nil {
		return err
	}
	return g.change(ctx, func(o *ordered[backends.Record]) error {
		o.put(own, func(r backends.Record) string { return r.ID })
		return nil
	})
}

// own checks records, and returns what is kept of them.
func (g *Generation) own(records []backends.Record) ([]backends.Record, error) {
	if err := g.spec.CheckRecords(records); err != nil {
		return nil, err
	}
	own := make([]backends.Record, len(records))
	for i, r := range records {
		own[i] = cloneRecord(r)
		own[i].Text, own[i].Base = "", backends.Base{}
		if !g.store.config.CopiesPayload {
			own[i].Payload = nil
		}
	}
	return own, nil
}

// SetPayload rewrites payloads and stamps of existing records.
func (g *Generation) SetPayload(ctx context.Context, records []backends.Record) error {
	if !g.store.config.CopiesPayload {
		return fmt.Errorf("%w: this store does not copy payloads", backends.ErrUnsupported)
	}
	return g.change(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range records {
			if have, ok := o.rows[r.ID]; ok {
				have.Payload, have.Stamp = bytes.Clone(r.Payload), r.Stamp
				o.rows[r.ID] = have
			}
		}
		return nil
	})
}

// Delete removes records.
func (g *Generation) Delete(ctx context.Context, ids []string) error {
	return g.change(ctx, func(o *ordered[backends.Record]) error {
		o.remove(ids)
		return nil
	})
}

// Count counts.
func (g *Generation) Count(ctx context.Context) (n int64, err error) {
	err = g.view(ctx, func(o *ordered[backends.Record]) error {
		n = int64(len(o.ids))
		return nil
	})
	return n, err
}

// Search compares the query with every record.
func (g *Generation) Search(ctx context.Context, q backends.Query) (hits []backends.Hit, err error) {
	if err := g.spec.CheckQuery(q); err != nil {
		return nil, err
	}
	err = g.view(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range o.rows {
			hits = append(hits, backends.Hit{ID: r.ID, Score: g.spec.Metric.Score(q.Vector, r.Vector)})
		}
		return nil
	})
	slices.SortFunc(hits, backends.CompareHits)
	return hits[:min(q.K, len(hits))], err
}

func cloneRecord(r backends.Record) backends.Record {
	r.Vector, r.Payload = slices.Clone(r.Vector), bytes.Clone(r.Payload)
	return r
}
