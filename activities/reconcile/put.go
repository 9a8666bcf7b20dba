package reconcile

import (
	"context"
	"fmt"
	"strconv"

	"github.com/reembed/reembed/backends"
)

// Put is Forward over some items in place of the pair's source.
func Put(ctx context.Context, p Pair, items []backends.Item, o Options) (Counts, error) {
	return put(ctx, p, items, nil, o)
}

func put(ctx context.Context, p Pair, items []backends.Item, known map[string]sight, o Options) (Counts, error) {
	p.Source = fixed(items)
	o.MaxItems, o.Budget, o.Report = 0, 0, nil
	var all Counts
	var at backends.Cursor
	for {
		res, err := run(ctx, p, backends.Range{}, at, known, o)
		all.Add(res.Counts)
		if err != nil || res.Done || res.Cursor == at { // no further: it was told to stop
			return all, err
		}
		at = res.Cursor
	}
}

// fixed is a source of items that are at hand. Its keys and cursors are positions.
type fixed []backends.Item

var _ backends.Source = fixed(nil)

func (s fixed) Ping(ctx context.Context) error { return ctx.Err() }

func (s fixed) Count(context.Context) (int64, bool, error) { return int64(len(s)), true, nil }

// Split never cuts: what is at hand is one range.
func (s fixed) Split(_ context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	return nil, backends.CheckSplit(after, size, limit)
}

func (s fixed) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	page := backends.Page[backends.Item]{Next: after}
	if err := ctx.Err(); err != nil {
		return page, err
	}
	if err := backends.CheckPage(r, after, limit); err != nil {
		return page, err
	}
	at := 0
	if after != "" {
		n, err := strconv.Atoi(string(after))
		if err != nil || n < 0 || n > len(s) {
			return page, fmt.Errorf("%w: not a cursor of items at hand", backends.ErrInvalidInput)
		}
		at = n
	}
	bytes := 0
	for ; at < len(s); at++ {
		bytes += s[at].Bytes()
		over := len(page.Items) == limit.Items || limit.Bytes > 0 && bytes > limit.Bytes
		if over && len(page.Items) > 0 {
			break
		}
		page.Items = append(page.Items, s[at])
	}
	page.Next, page.Done = backends.Cursor(strconv.Itoa(at)), at == len(s)
	return page, nil
}

func (s fixed) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	var found []backends.Item
	for _, item := range s {
		if wanted[item.ID] {
			found = append(found, item)
			wanted[item.ID] = false
		}
	}
	return found, ctx.Err()
}
