package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Upsert replaces whole rows in one transaction.
func (g *Generation) Upsert(ctx context.Context, records []backends.Record) error {
	if err := g.spec.CheckRecords(records); err != nil {
		return g.failed("upsert", err)
	}
	err := g.store.write(ctx, normal, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO "+g.keys.table+" (id, stamp, vector) VALUES (?, ?, ?)")
		if err != nil {
			return err
		}
		defer stmt.Close()
		var vector []byte
		for i := range records {
			vector = appendVector(vector[:0], records[i].Vector)
			if _, err := stmt.ExecContext(ctx, records[i].ID, records[i].Stamp.String(), vector); err != nil {
				return fmt.Errorf("record %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		return g.failed("upsert", err)
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
