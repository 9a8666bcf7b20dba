package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Upsert replaces whole rows in one transaction.
func (g *Generation) Upsert(ctx context.Context, records []backends.Record) error {
	if err := g.spec.CheckRecords(records); err != nil {
		return g.failed("upsert", err)
	}
	err := g.store.write(ctx, normal, func(tx *sql.Tx) error { return g.upsert(ctx, tx, records) })
	if err != nil {
		return g.failed("upsert", err)
	}
	g.store.wrote(len(records) * 4 * g.spec.Dimensions)
	return nil
}

// upsert writes records that were checked.
func (g *Generation) upsert(ctx context.Context, tx *sql.Tx, records []backends.Record) error {
	many := len(records) - len(records)%rowsAtOnce
	if err := g.replace(ctx, tx, records[:many], rowsAtOnce); err != nil {
		return err
	}
	return g.replace(ctx, tx, records[many:], 1)
}

// rowsAtOnce is how many rows one statement writes: a sixth less processor time
// than with one, and no less with more.
const rowsAtOnce = 20

// replace writes records, so many with each run of one statement: their number
// is a multiple of it.
func (g *Generation) replace(ctx context.Context, tx *sql.Tx, records []backends.Record, rows int) error {
	if len(records) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO "+g.keys.table+" (id, stamp, vector) VALUES (?, ?, ?)"+
		strings.Repeat(", (?, ?, ?)", rows-1))
	if err != nil {
		return err
	}
	defer stmt.Close()
	args := make([]any, 0, 3*rows)
	vectors := make([]byte, 0, 4*g.spec.Dimensions*rows) // the driver keeps none of them
	for ; len(records) > 0; records = records[rows:] {
		args, vectors = args[:0], vectors[:0]
		for _, r := range records[:rows] {
			begin := len(vectors)
			vectors = appendVector(vectors, r.Vector)
			args = append(args, r.ID, r.Stamp.String(), vectors[begin:])
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("write %d records: %w", rows, err)
		}
	}
	return nil
}

// SetPayload is ErrUnsupported: payloads stay in the items' own table.
func (g *Generation) SetPayload(context.Context, []backends.Record) error {
	return g.failed("set payload", fmt.Errorf("%w: payloads are not copied", backends.ErrUnsupported))
}

// Delete deletes by id.
func (g *Generation) Delete(ctx context.Context, ids []string) error {
	list, err := inList(ids)
	if err != nil {
		return err
	}
	err = g.store.write(ctx, normal, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+g.keys.table+" WHERE id"+in, list)
		return err
	})
	if err != nil {
		return g.failed("delete", err)
	}
	return nil
}
