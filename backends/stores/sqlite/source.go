package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"

	"github.com/reembed/reembed/backends"
)

// Source is a table of items.
type Source struct {
	store *Store
	table Table
	keys  keys
	sound atomic.Bool // the table was inspected
}

var (
	_ backends.Source     = (*Source)(nil)
	_ backends.ItemWriter = (*Source)(nil)
)

// Ping looks at the table: that it is there with its columns, and that each of
// its keys can be an id. ErrNotFound, or ErrUnsupported with what to change.
func (s *Source) Ping(ctx context.Context) error {
	err := s.store.checkFile()
	if err == nil {
		err = s.inspect(ctx)
	}
	if err == nil {
		err = s.edges(ctx)
	}
	if err != nil {
		return fmt.Errorf("table %q: %w", s.table.Name, err)
	}
	return nil
}

// Count counts.
func (s *Source) Count(ctx context.Context) (n int64, exact bool, err error) {
	err = s.store.reader.QueryRowContext(ctx, "SELECT count(*) FROM "+s.keys.table).Scan(&n)
	if err != nil {
		return 0, false, fmt.Errorf("count items of table %q: %w", s.table.Name, s.store.translate(err))
	}
	return n, true, nil
}

// Split reads nothing but the key's index.
func (s *Source) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	err := s.sweepable(ctx)
	var found []backends.Key
	if err == nil {
		found, err = s.keys.split(ctx, s.store, after, size, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("split table %q: %w", s.table.Name, err)
	}
	return found, nil
}

// ReadPage reads one item more than the page has, to know whether it is the last.
func (s *Source) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	page := backends.Page[backends.Item]{Next: after, Done: true}
	err := backends.CheckPage(r, after, limit)
	if err == nil {
		err = s.sweepable(ctx)
	}
	if err != nil {
		return backends.Page[backends.Item]{}, fmt.Errorf("read table %q: %w", s.table.Name, err)
	}
	where, args := s.keys.within(r, after)
	query := s.columns() + where + " ORDER BY " + s.keys.column + " LIMIT ?"
	size := 0
	var row itemRow
	err = s.store.rows(ctx, query, append(args, int64(limit.Items)+1), func(rows *sql.Rows) error {
		item, err := s.scan(rows, &row)
		if err != nil {
			return err
		}
		size += len(item.Text) + len(item.Payload)
		over := len(page.Items) == limit.Items || limit.Bytes > 0 && size > limit.Bytes
		if over && len(page.Items) > 0 {
			page.Done = false
			return errEnough
		}
		page.Items = append(page.Items, item)
		page.Next = backends.Cursor(item.ID)
		return nil
	})
	if err != nil {
		return backends.Page[backends.Item]{}, fmt.Errorf("read table %q: %w", s.table.Name, err)
	}
	return page, nil
}

// Lookup finds items by key.
func (s *Source) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	list, err := inList(ids)
	if err != nil {
		return nil, err
	}
	// A key column that compares loosely (NOCASE, integers) may answer with
	// another id than the one that was asked for.
	asked := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		asked[id] = struct{}{}
	}
	var items []backends.Item
	var row itemRow
	err = s.store.rows(ctx, s.columns()+" WHERE "+s.keys.column+in, []any{list}, func(rows *sql.Rows) error {
		item, err := s.scan(rows, &row)
		if err != nil {
			return err
		}
		if _, ok := asked[item.ID]; ok {
			items = append(items, item)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look items of table %q up: %w", s.table.Name, err)
	}
	return items, nil
}
