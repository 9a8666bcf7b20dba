package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reembed/reembed/backends"
)

// capture is the ability of a source whose table notices changes.
type capture struct{ source *Source }

var _ backends.Capture = capture{}

// CaptureTraits are those of the Table.
func (c capture) CaptureTraits() backends.CaptureTraits {
	kind := backends.CaptureKind(c.source.table.Capture)
	return backends.CaptureTraits{Kind: kind, Deletes: kind == backends.CaptureJournal}
}

// with runs f on the table under the lock; on nil where there is none yet.
func (c capture) with(ctx context.Context, f func(*items) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := c.source.store
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.tables[c.source.table.Name])
}

// of runs f on what is kept for a consumer.
func (c capture) of(ctx context.Context, name string, f func(*consumer) error) error {
	return c.with(ctx, func(t *items) error {
		var have *consumer
		ok := t != nil
		if ok {
			have, ok = t.consumers[name]
		}
		switch {
		case !ok:
			return fmt.Errorf("%w: %q is not subscribed to table %q", backends.ErrChangesLost, name, c.source.table.Name)
		case have.lost:
			return fmt.Errorf("%w: %q fell behind by more than %d changes of table %q", backends.ErrChangesLost, name, have.most, c.source.table.Name)
		}
		return f(have)
	})
}

// Subscribe begins a journal.
func (c capture) Subscribe(ctx context.Context, name string) error {
	return c.with(ctx, func(t *items) error {
		if t == nil {
			return fmt.Errorf("%w: table %q", backends.ErrNotFound, c.source.table.Name)
		}
		if have, ok := t.consumers[name]; !ok || have.lost {
			t.consumers[name] = newConsumer(c.source.table)
		}
		return nil
	})
}

// Changes reads in the order of the last changes.
func (c capture) Changes(ctx context.Context, name string, after backends.Cursor, limit int) (page backends.Changes, err error) {
	behind, err := backends.CheckChanges(after, limit)
	if err != nil {
		return page, err
	}
	err = c.of(ctx, name, func(have *consumer) error {
		found, more := have.behind(behind, limit)
		page = backends.Changes{Next: after, Done: !more}
		for _, w := range found {
			mark := strconv.FormatInt(w.mark, 10)
			page.Items = append(page.Items, backends.Change{ID: w.id, Mark: mark})
			page.Next = backends.Cursor(mark)
		}
		return nil
	})
	return page, err
}

// Acknowledge forgets changes.
func (c capture) Acknowledge(ctx context.Context, name string, done []backends.Change) error {
	return c.of(ctx, name, func(have *consumer) error {
		for _, d := range done {
			have.forget(d.ID, d.Mark)
		}
		have.sweep()
		return nil
	})
}

// Unsubscribe ends a journal.
func (c capture) Unsubscribe(ctx context.Context, name string) error {
	return c.with(ctx, func(t *items) error {
		if t != nil {
			delete(t.consumers, name)
		}
		return nil
	})
}

// Consumers lists the journals.
func (c capture) Consumers(ctx context.Context) (list []backends.Consumer, err error) {
	err = c.with(ctx, func(t *items) error {
		if t == nil {
			return nil
		}
		for name, have := range t.consumers {
			one := backends.Consumer{Name: name, Pending: int64(len(have.marks))}
			if have.lost {
				one.Pending = -1
			}
			list = append(list, one)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b backends.Consumer) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}
