package memory

import (
	"bytes"
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Items is a collection read as a source.
type Items struct {
	store   *Store
	locator string
}

var _ backends.Source = (*Items)(nil)

func (s *Items) view(ctx context.Context, f func(*ordered[backends.Record]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	g, ok := s.store.generations[s.locator]
	if !ok {
		return fmt.Errorf("%w: collection %q was dropped", backends.ErrNotFound, s.locator)
	}
	return f(g.records)
}

// Ping returns ErrNotFound once the collection was dropped.
func (s *Items) Ping(ctx context.Context) error {
	return s.view(ctx, func(*ordered[backends.Record]) error { return nil })
}

// Count counts.
func (s *Items) Count(ctx context.Context) (n int64, exact bool, err error) {
	err = s.view(ctx, func(o *ordered[backends.Record]) error {
		n = int64(len(o.ids))
		return nil
	})
	return n, err == nil, err
}

// Split cuts the collection by ids.
func (s *Items) Split(ctx context.Context, after backends.Key, size, limit int) (keys []backends.Key, err error) {
	err = s.view(ctx, func(o *ordered[backends.Record]) error {
		keys, err = o.split(after, size, limit)
		return err
	})
	return keys, err
}

// ReadPage reads by ids.
func (s *Items) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	var page backends.Page[backends.Item]
	err := s.view(ctx, func(o *ordered[backends.Record]) error {
		records, err := o.read(r, after, limit, func(r backends.Record) int { return len(r.Text) + len(r.Payload) })
		page.Next, page.Done = records.Next, records.Done
		for _, rec := range records.Items {
			page.Items = append(page.Items, itemOf(rec))
		}
		return err
	})
	return page, err
}

// Lookup finds items by id.
func (s *Items) Lookup(ctx context.Context, ids []string) (items []backends.Item, err error) {
	err = s.view(ctx, func(o *ordered[backends.Record]) error {
		for _, r := range o.pick(ids) {
			items = append(items, itemOf(r))
		}
		return nil
	})
	return items, err
}

func itemOf(r backends.Record) backends.Item {
	return backends.Item{ID: r.ID, Text: r.Text, Payload: bytes.Clone(r.Payload)}
}
