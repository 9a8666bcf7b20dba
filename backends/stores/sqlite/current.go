package sqlite

import (
	"context"
	"database/sql"

	"github.com/reembed/reembed/backends"
)

// Current is a generation that knows the table of its items, in the same file: it
// can write what is still so there. Index.Over hands it out.
type Current struct {
	*Generation
	source *Source
}

var _ backends.ConditionalWriter = (*Current)(nil)

// Over returns the index of a namespace whose items are in a table of this file:
// its generations are [backends.ConditionalWriter]s. ErrInvalidInput for a bad Table.
func (x *Index) Over(t Table) (*Index, error) {
	source, err := x.store.Source(t)
	if err != nil {
		return nil, err
	}
	over := *x
	over.source = source
	return &over, nil
}

// handle opens a generation.
func (x *Index) handle(spec backends.GenerationSpec) backends.Generation {
	g := newGeneration(x.store, spec)
	if x.source == nil {
		return g
	}
	return &Current{Generation: g, source: x.source}
}

// contents returns the content hashes of those of the items that exist; "" for
// one that has a defect. It reads in the transaction, which has the write lock.
func (g *Current) contents(ctx context.Context, tx *sql.Tx, ids []string) (map[string]string, error) {
	list, err := inList(ids)
	if err != nil {
		return nil, err
	}
	hashes := make(map[string]string, len(ids))
	var row itemRow
	err = scanAll(ctx, tx, g.source.columns()+" WHERE "+g.source.keys.column+in, []any{list}, func(rows *sql.Rows) error {
		item, err := g.source.scan(rows, &row)
		if err != nil {
			return err
		}
		hashes[item.ID] = ""
		if item.Defect == "" {
			hashes[item.ID] = backends.ContentHash(item.Text)
		}
		return nil
	})
	return hashes, err
}

// UpsertCurrent looks and writes in one transaction.
func (g *Current) UpsertCurrent(ctx context.Context, records []backends.Record) (moved []string, err error) {
	if err := g.spec.CheckRecords(records); err != nil {
		return nil, g.failed("upsert", err)
	}
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	written := 0
	err = g.store.write(ctx, normal, func(tx *sql.Tx) error {
		hashes, err := g.contents(ctx, tx, ids)
		if err != nil {
			return err
		}
		still := make([]backends.Record, 0, len(records))
		for _, r := range records {
			if have, ok := hashes[r.ID]; ok && have == r.Stamp.Content && have != "" {
				still = append(still, r)
			} else {
				moved = append(moved, r.ID)
			}
		}
		written = len(still)
		return g.upsert(ctx, tx, still)
	})
	if err != nil {
		return nil, g.failed("upsert", err)
	}
	g.store.wrote(written * 4 * g.spec.Dimensions)
	return moved, nil
}

// DeleteAbsent looks and deletes in one transaction.
func (g *Current) DeleteAbsent(ctx context.Context, ids []string) (there []string, err error) {
	err = g.store.write(ctx, normal, func(tx *sql.Tx) error {
		hashes, err := g.contents(ctx, tx, ids)
		if err != nil {
			return err
		}
		gone := make([]string, 0, len(ids))
		for _, id := range ids {
			if _, ok := hashes[id]; ok {
				there = append(there, id)
			} else {
				gone = append(gone, id)
			}
		}
		list, err := inList(gone)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM "+g.keys.table+" WHERE id"+in, list)
		return err
	})
	if err != nil {
		return nil, g.failed("delete", err)
	}
	return there, nil
}
