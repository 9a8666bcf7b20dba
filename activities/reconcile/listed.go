package reconcile

import (
	"context"
	"fmt"
	"strconv"

	"github.com/reembed/reembed/backends"
)

// listed is a source of the items of a list of ids, which it looks up in another
// one. Its cursors are positions in the list. It is read by one goroutine.
type listed struct {
	glance
	ids  []string
	gone []string // of those read: what the source did not have
}

var _ backends.Source = (*listed)(nil)

func (s *listed) Ping(ctx context.Context) error { return s.source.Ping(ctx) }

func (s *listed) Count(context.Context) (int64, bool, error) { return int64(len(s.ids)), false, nil }

// Split never cuts: a list is one range.
func (s *listed) Split(_ context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	return nil, backends.CheckSplit(after, size, limit)
}

// ReadPage looks up as many as fit into the limit, going by the last ones.
func (s *listed) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	page := backends.Page[backends.Item]{Next: after}
	if err := backends.CheckPage(r, after, limit); err != nil {
		return page, err
	}
	at, err := s.position(after)
	if err != nil {
		return page, err
	}
	for bytes := int64(0); at < len(s.ids) && len(page.Items) < limit.Items; {
		part := s.ids[at:min(at+min(s.items, limit.Items-len(page.Items)), len(s.ids))]
		items, weight, err := s.look(ctx, part)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, items...)
		s.gone = append(s.gone, missing(part, items)...)
		at += len(part)
		if bytes += weight; limit.Bytes > 0 && bytes > int64(limit.Bytes)/2 {
			break // another lookup may bring as much again
		}
	}
	page.Next, page.Done = backends.Cursor(strconv.Itoa(at)), at == len(s.ids)
	return page, nil
}

// goneOf returns those of the set that the source did not have.
func (s *listed) goneOf(set map[string]bool) []string {
	var gone []string
	for _, id := range s.gone {
		if set[id] {
			gone = append(gone, id)
		}
	}
	return gone
}

// position is how many of the ids are behind a cursor.
func (s *listed) position(c backends.Cursor) (int, error) {
	if c == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(string(c))
	if err != nil || n < 0 || n > len(s.ids) {
		return 0, fmt.Errorf("%w: not a cursor of a list of ids", backends.ErrInvalidInput)
	}
	return n, nil
}

func (s *listed) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	return s.source.Lookup(ctx, ids)
}
