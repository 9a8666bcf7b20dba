package memory

import (
	"bytes"
	"context"

	"github.com/reembed/reembed/backends"
)

// Source is a table of items. What notices its changes, a [backends.Capture], is
// found with [backends.As] where the Table has it.
type Source struct {
	store *Store
	table Table
}

var (
	_ backends.Source     = (*Source)(nil)
	_ backends.ItemWriter = (*Source)(nil)
)

// Unwrap returns what notices changes; nil where nothing does.
func (s *Source) Unwrap() any {
	if s.table.Capture == CaptureNone {
		return nil
	}
	return capture{s}
}

// view runs f on the table under the read lock.
func (s *Source) view(ctx context.Context, f func(*items) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t, err := s.store.table(s.table.Name)
	if err != nil {
		return err
	}
	return f(t)
}

// Ping returns ErrNotFound while the table has never had an item.
func (s *Source) Ping(ctx context.Context) error {
	return s.view(ctx, func(*items) error { return nil })
}

// Count counts.
func (s *Source) Count(ctx context.Context) (n int64, exact bool, err error) {
	err = s.view(ctx, func(t *items) error {
		n = int64(len(t.ids))
		return nil
	})
	return n, err == nil, err
}

// Split cuts the table by ids.
func (s *Source) Split(ctx context.Context, after backends.Key, size, limit int) (keys []backends.Key, err error) {
	err = s.view(ctx, func(t *items) error {
		keys, err = t.split(after, size, limit)
		return err
	})
	return keys, err
}

// ReadPage reads by ids.
func (s *Source) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (page backends.Page[backends.Item], err error) {
	err = s.view(ctx, func(t *items) error {
		page, err = t.read(r, after, limit, func(i backends.Item) int { return len(i.Text) + len(i.Payload) })
		cloneItems(page.Items)
		return err
	})
	return page, err
}

// Lookup finds items by id.
func (s *Source) Lookup(ctx context.Context, ids []string) (found []backends.Item, err error) {
	err = s.view(ctx, func(t *items) error {
		found = t.pick(ids)
		cloneItems(found)
		return nil
	})
	return found, err
}

// PutItems makes the table, if need be, and puts the items into it.
func (s *Source) PutItems(ctx context.Context, put []backends.Item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := backends.CheckItems(put); err != nil {
		return err
	}
	own := append([]backends.Item(nil), put...)
	cloneItems(own)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	t, ok := s.store.tables[s.table.Name]
	if !ok {
		t = newItems()
		s.store.tables[s.table.Name] = t
	}
	for _, item := range own {
		if have, ok := t.rows[item.ID]; !ok || !same(have, item) {
			s.store.note(t, item.ID, false)
		}
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
	t, ok := s.store.tables[s.table.Name]
	if !ok {
		return nil
	}
	for _, item := range t.pick(ids) {
		s.store.note(t, item.ID, true)
	}
	t.remove(ids)
	return nil
}

// cloneItems lets callers do what they like with a payload.
func cloneItems(own []backends.Item) {
	for i := range own {
		own[i].Payload = bytes.Clone(own[i].Payload)
	}
}
