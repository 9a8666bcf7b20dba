package memory

import (
	"bytes"
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Source is a table of items.
type Source struct {
	store *Store
	table string
}

var (
	_ backends.Source     = (*Source)(nil)
	_ backends.ItemWriter = (*Source)(nil)
)

// view runs f on the table under the read lock.
func (s *Source) view(ctx context.Context, f func(*ordered[backends.Item]) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t, ok := s.store.tables[s.table]
	if !ok {
		return fmt.Errorf("%w: table %q", backends.ErrNotFound, s.table)
	}
	return f(t)
}

// Ping returns ErrNotFound while the table has never had an item.
func (s *Source) Ping(ctx context.Context) error {
	return s.view(ctx, func(*ordered[backends.Item]) error { return nil })
}

// Count counts.
func (s *Source) Count(ctx context.Context) (n int64, exact bool, err error) {
	err = s.view(ctx, func(t *ordered[backends.Item]) error {
		n = int64(len(t.ids))
		return nil
	})
	return n, err == nil, err
}

// Split cuts the table by ids.
func (s *Source) Split(ctx context.Context, after backends.Key, size, limit int) (keys []backends.Key, err error) {
	err = s.view(ctx, func(t *ordered[backends.Item]) error {
		keys, err = t.split(after, size, limit)
		return err
	})
	return keys, err
}

// ReadPage reads by ids.
func (s *Source) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (page backends.Page[backends.Item], err error) {
	err = s.view(ctx, func(t *ordered[backends.Item]) error {
		page, err = t.read(r, after, limit, func(i backends.Item) int { return len(i.Text) + len(i.Payload) })
		cloneItems(page.Items)
		return err
	})
	return page, err
}

// Lookup finds items by id.
func (s *Source) Lookup(ctx context.Context, ids []string) (items []backends.Item, err error) {
	err = s.view(ctx, func(t *ordered[backends.Item]) error {
		items = t.pick(ids)
		cloneItems(items)
		return nil
	})
	return items, err
}

// PutItems makes the table, if need be, and puts the items into it.
func (s *Source) PutItems(ctx context.Context, items []backends.Item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := backends.CheckItems(items); err != nil {
		return err
	}
	own := append([]backends.Item(nil), items...)
	cloneItems(own)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	t, ok := s.store.tables[s.table]
	if !ok {
		t = newOrdered[backends.Item]()
		s.store.tables[s.table] = t
	}
	t.put(own, func(i backends.Item) string { return i.ID })
	return nil
}

// DeleteItems removes items.
func (s *Source) DeleteItems(ctx context.Context, ids []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if t, ok := s.store.tables[s.table]; ok {
		t.remove(ids)
	}
	return nil
}

// cloneItems lets callers do what they like with a payload.
func cloneItems(items []backends.Item) {
	for i := range items {
		items[i].Payload = bytes.Clone(items[i].Payload)
	}
}
