package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// CheckCapture reports whether changes of the table can be noticed as its Table
// says, and changes nothing: ErrUnsupported with what is in the way. The note is
// about what works, and slowly.
func (c capture) CheckCapture(ctx context.Context) (note string, err error) {
	err = c.source.inspect(ctx)
	if err == nil {
		err = c.source.store.read(ctx, func(tx *sql.Tx) error {
			note, err = c.way.check(ctx, tx)
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("capture changes of table %q: %w", c.source.table.Name, c.source.store.translate(err))
	}
	return note, nil
}

func (j journal) check(ctx context.Context, q querier) (string, error) {
	var kind string
	err := scanAll(ctx, q, "SELECT type FROM pragma_table_list(?) WHERE schema = 'main'", []any{j.source.table.Name}, func(rows *sql.Rows) error {
		return rows.Scan(&kind)
	})
	if err != nil {
		return "", err
	}
	if kind != "table" {
		return "", fmt.Errorf("%w: it is a %s, and those have no triggers: set capture: none (full passes), or changed_at", backends.ErrUnsupported, kind)
	}
	_, err = j.source.triggers(ctx, q, 0)
	return "", err
}

func (c changedAt) check(ctx context.Context, q querier) (note string, err error) {
	if _, err := c.last(ctx, q); err != nil {
		return "", err
	}
	indexed := false
	query := fmt.Sprintf("EXPLAIN QUERY PLAN SELECT 1 FROM %s WHERE %s >= 0", c.source.keys.table, c.column())
	err = scanAll(ctx, q, query, nil, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		indexed = indexed || strings.HasPrefix(detail, "SEARCH ")
		return err
	})
	if err == nil && !indexed {
		note = fmt.Sprintf("column %s has no index, so that each look for changes reads the whole table: CREATE INDEX on %s(%s)",
			c.column(), c.source.keys.table, c.column())
	}
	return note, err
}
