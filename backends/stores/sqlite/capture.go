package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// capture is the ability of a source whose Table says how changes are noticed.
type capture struct {
	source *Source
	way    way
}

// way is how one kind of capture does it, inside a transaction.
type way interface {
	subscribe(ctx context.Context, tx *sql.Tx, name string) error
	changes(ctx context.Context, q querier, name string, after backends.Cursor, limit int) (backends.Changes, error)
	acknowledge(ctx context.Context, tx *sql.Tx, name string, done []backends.Change) error
	// pending of a consumer that is there: -1 where its changes are lost, or not counted.
	pending(ctx context.Context, q querier, name string) (int64, error)
	// check is CheckCapture.
	check(ctx context.Context, q querier) (note string, err error)
}

var _ backends.Capture = capture{}

// Unwrap returns the source's [backends.Capture]; nil where nothing captures.
func (s *Source) Unwrap() any {
	switch {
	case s.store.schema < schemaVersion: // read-only, and of an older reembed
		return nil
	case s.table.Capture == CaptureJournal:
		return capture{s, journal{s}}
	case s.table.Capture == CaptureChangedAt:
		return capture{s, changedAt{s}}
	}
	return nil
}

// CaptureTraits are those of the Table.
func (c capture) CaptureTraits() backends.CaptureTraits {
	kind := backends.CaptureKind(c.source.table.Capture)
	return backends.CaptureTraits{Kind: kind, Deletes: kind == backends.CaptureJournal}
}

// failed says which table and consumer an error is about.
func (c capture) failed(what, consumer string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of table %q for %q: %w", what, c.source.table.Name, consumer, c.source.store.translate(err))
}

// Subscribe has changes kept.
func (c capture) Subscribe(ctx context.Context, consumer string) error {
	err := c.source.inspect(ctx)
	if err == nil {
		err = c.source.store.write(ctx, full, func(tx *sql.Tx) error { return c.way.subscribe(ctx, tx, consumer) })
	}
	return c.failed("capture changes", consumer, err)
}

// Changes reads in one transaction, so that what captures was there when the
// changes were.
func (c capture) Changes(ctx context.Context, consumer string, after backends.Cursor, limit int) (page backends.Changes, err error) {
	err = c.source.store.read(ctx, func(tx *sql.Tx) error {
		page, err = c.way.changes(ctx, tx, consumer, after, limit)
		return err
	})
	if errors.Is(err, backends.ErrChangesLost) {
		err = errors.Join(err, c.abandon(ctx, consumer))
	}
	if err != nil {
		return backends.Changes{}, c.failed("changes", consumer, err)
	}
	return page, nil
}

// abandon ends the capture for a consumer that fell behind its budget: triggers
// and rows go, and nothing more is written down for it.
func (c capture) abandon(ctx context.Context, consumer string) error {
	k, err := c.source.find(ctx, c.source.store.reader, consumer, CaptureJournal)
	if err != nil || k.number < 0 || !k.over() || c.source.store.config.ReadOnly {
		return err
	}
	return c.source.store.write(ctx, full, func(tx *sql.Tx) error { return clearConsumer(ctx, tx, k.number) })
}

// Acknowledge forgets changes.
func (c capture) Acknowledge(ctx context.Context, consumer string, done []backends.Change) error {
	err := c.source.store.write(ctx, normal, func(tx *sql.Tx) error { return c.way.acknowledge(ctx, tx, consumer, done) })
	return c.failed("acknowledge changes", consumer, err)
}

// Unsubscribe takes the triggers away, with all that is kept.
func (c capture) Unsubscribe(ctx context.Context, consumer string) error {
	err := c.source.store.write(ctx, full, func(tx *sql.Tx) error { return c.source.forget(ctx, tx, consumer) })
	return c.failed("end the capture", consumer, err)
}

// Consumers lists those of the table, of all kinds.
func (c capture) Consumers(ctx context.Context) ([]backends.Consumer, error) {
	var list []backends.Consumer
	err := c.source.store.read(ctx, func(tx *sql.Tx) error {
		err := scanAll(ctx, tx, "SELECT name FROM reembed_consumers WHERE source = ? ORDER BY name", []any{c.source.table.Name}, func(rows *sql.Rows) error {
			var one backends.Consumer
			err := rows.Scan(&one.Name)
			list = append(list, one)
			return err
		})
		for i := range list {
			if err == nil {
				list[i].Pending, err = c.way.pending(ctx, tx, list[i].Name)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("consumers of changes of table %q: %w", c.source.table.Name, err)
	}
	return list, nil
}
