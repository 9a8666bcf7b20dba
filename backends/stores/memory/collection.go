package memory

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/reembed/reembed/backends"
)

// Collection is a generation of a self-contained namespace.
type Collection struct{ *Generation }

var (
	_ backends.Generation = (*Collection)(nil)
	_ backends.Collection = (*Collection)(nil)
)

// counted is the stamp as it counts: while text and payload are what it names.
func counted(r backends.Record) backends.Stamp {
	s := r.Stamp
	if s.Content != backends.ContentHash(r.Text) {
		return backends.Stamp{}
	}
	if s.Payload != backends.PayloadHash(r.Payload) {
		s.Payload = ""
	}
	return s
}

// Stamps finds stamps by id, as they count.
func (c *Collection) Stamps(ctx context.Context, ids []string) (map[string]backends.Stamp, error) {
	stamps := map[string]backends.Stamp{}
	err := c.view(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range o.pick(ids) {
			stamps[r.ID] = counted(r)
		}
		return nil
	})
	return stamps, err
}

// ReadStamps reads by ids; stamps are as they count.
func (c *Collection) ReadStamps(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Stamped], error) {
	var page backends.Page[backends.Stamped]
	err := c.view(ctx, func(o *ordered[backends.Record]) error {
		limit.Bytes = 0
		records, err := o.read(r, after, limit, func(backends.Record) int { return 0 })
		page.Next, page.Done = records.Next, records.Done
		for _, rec := range records.Items {
			page.Items = append(page.Items, backends.Stamped{ID: rec.ID, Stamp: counted(rec)})
		}
		return err
	})
	return page, err
}

// Fetch finds records by id; stamps are as they count.
func (c *Collection) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	records, err := c.Generation.Fetch(ctx, ids)
	for i := range records {
		records[i].Stamp = counted(records[i])
	}
	return records, err
}

// Upsert checks all records, then writes them.
func (c *Collection) Upsert(ctx context.Context, records []backends.Record) error {
	if err := c.spec.CheckRecords(records); err != nil {
		return err
	}
	return c.change(ctx, func(o *ordered[backends.Record]) error {
		c.put(o, records)
		return nil
	})
}

// SetPayload rewrites payloads, stamps and bases of existing records.
func (c *Collection) SetPayload(ctx context.Context, records []backends.Record) error {
	return c.change(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range records {
			if have, ok := o.rows[r.ID]; ok {
				have.Payload, have.Stamp, have.Base = r.Payload, r.Stamp, r.Base
				c.put(o, []backends.Record{have})
			}
		}
		return nil
	})
}

// Held looks at records by id.
func (c *Collection) Held(ctx context.Context, ids []string) (map[string]backends.Held, error) {
	held := map[string]backends.Held{}
	err := c.view(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range o.pick(ids) {
			held[r.ID] = backends.Held{
				ID: r.ID, Stamp: counted(r), Base: r.Base, Revision: c.revision(o, r.ID),
				Version: backends.Version{Content: backends.ContentHash(r.Text), Payload: backends.PayloadHash(r.Payload)},
			}
		}
		return nil
	})
	return held, err
}

// UpsertOver looks and writes in one step.
func (c *Collection) UpsertOver(ctx context.Context, records []backends.Record, seen map[string]string) (moved []string, err error) {
	if err := c.spec.CheckRecords(records); err != nil {
		return nil, err
	}
	err = c.change(ctx, func(o *ordered[backends.Record]) error {
		still := make([]backends.Record, 0, len(records))
		for _, r := range records {
			if c.revision(o, r.ID) != seen[r.ID] {
				moved = append(moved, r.ID)
				continue
			}
			still = append(still, r)
		}
		c.put(o, still)
		return nil
	})
	return moved, err
}

// DeleteOver looks and deletes in one step.
func (c *Collection) DeleteOver(ctx context.Context, seen map[string]string) (moved []string, err error) {
	err = c.change(ctx, func(o *ordered[backends.Record]) error {
		var still []string
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			if c.revision(o, id) != seen[id] {
				moved = append(moved, id)
				continue
			}
			still = append(still, id)
		}
		o.remove(still)
		return nil
	})
	return moved, err
}

// SetBases looks and writes in one step.
func (c *Collection) SetBases(ctx context.Context, bases map[string]backends.Base, seen map[string]string) error {
	return c.change(ctx, func(o *ordered[backends.Record]) error {
		for id, base := range bases {
			if have, ok := o.rows[id]; ok && c.revision(o, id) == seen[id] {
				have.Base = base
				c.put(o, []backends.Record{have})
			}
		}
		return nil
	})
}

// put writes records under revisions that the store has never given before. The
// caller holds the lock.
func (c *Collection) put(o *ordered[backends.Record], records []backends.Record) {
	revisions := c.store.generations[c.spec.Locator].revisions
	own := make([]backends.Record, len(records))
	for i, r := range records {
		own[i] = cloneRecord(r)
		c.store.version++
		revisions[r.ID] = c.store.version
	}
	o.put(own, func(r backends.Record) string { return r.ID })
}

// revision is "" where there is no such record. The caller holds the lock.
func (c *Collection) revision(o *ordered[backends.Record], id string) string {
	if _, ok := o.rows[id]; !ok {
		return ""
	}
	return strconv.FormatInt(c.store.generations[c.spec.Locator].revisions[id], 10)
}
