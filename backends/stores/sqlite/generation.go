package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
)

// Generation is an opened generation: the table named by its locator.
type Generation struct {
	store *Store
	spec  backends.GenerationSpec
	keys  keys
}

var _ backends.Generation = (*Generation)(nil)

func newGeneration(s *Store, spec backends.GenerationSpec) *Generation {
	return &Generation{store: s, spec: spec, keys: keys{table: quote(spec.Locator), column: "id"}}
}

// Spec is what the generation was created as.
func (g *Generation) Spec() backends.GenerationSpec { return g.spec }

// failed says which generation an error is about.
func (g *Generation) failed(what string, err error) error {
	return fmt.Errorf("%s of generation %s: %w", what, g.spec.Locator, err)
}

// Stamps finds stamps by id.
func (g *Generation) Stamps(ctx context.Context, ids []string) (map[string]backends.Stamp, error) {
	none, err := g.noneBetween(ctx, ids)
	if err != nil || none {
		return map[string]backends.Stamp{}, err
	}
	list, err := inList(ids)
	if err != nil {
		return nil, err
	}
	stamps := make(map[string]backends.Stamp, len(ids))
	err = g.store.rows(ctx, "SELECT id, stamp FROM "+g.keys.table+" WHERE id"+in, []any{list}, func(rows *sql.Rows) error {
		s, err := scanStamped(rows)
		stamps[s.ID] = s.Stamp
		return err
	})
	if err != nil {
		return nil, g.failed("stamps", err)
	}
	return stamps, nil
}

// noneBetween reports that no record's id lies between the least and the greatest
// of the ids. A copy into a fresh generation asks for a page of ids that come
// behind all that is there: this is one look at the index instead of a thousand.
func (g *Generation) noneBetween(ctx context.Context, ids []string) (bool, error) {
	if len(ids) == 0 {
		return true, nil
	}
	least, greatest := slices.Min(ids), slices.Max(ids)
	if !addressable(least) || !addressable(greatest) {
		return false, nil
	}
	none := true
	err := g.store.rows(ctx, "SELECT 1 FROM "+g.keys.table+" WHERE id BETWEEN ? AND ? LIMIT 1", []any{least, greatest},
		func(*sql.Rows) error { none = false; return nil })
	if err != nil {
		return false, g.failed("stamps", err)
	}
	return none, nil
}

// scanStamped reads an id and a stamp; a foreign stamp is the zero one.
func scanStamped(rows *sql.Rows) (backends.Stamped, error) {
	var s backends.Stamped
	var stored string
	if err := rows.Scan(&s.ID, &stored); err != nil {
		return s, fmt.Errorf("scan stamp: %w", err)
	}
	if stamp, err := backends.ParseStamp(stored); err == nil {
		s.Stamp = stamp
	}
	return s, nil
}

// Split reads nothing but the ids' index.
func (g *Generation) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	found, err := g.keys.split(ctx, g.store, after, size, limit)
	if err != nil {
		return nil, g.failed("split", err)
	}
	return found, nil
}

// ReadStamps reads one record more than the page has, to know whether it is the last.
func (g *Generation) ReadStamps(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Stamped], error) {
	page := backends.Page[backends.Stamped]{Next: after, Done: true}
	if err := backends.CheckPage(r, after, limit); err != nil {
		return backends.Page[backends.Stamped]{}, g.failed("stamps", err)
	}
	where, args := g.keys.within(r, after)
	query := "SELECT id, stamp FROM " + g.keys.table + where + " ORDER BY id LIMIT ?"
	err := g.store.rows(ctx, query, append(args, int64(limit.Items)+1), func(rows *sql.Rows) error {
		if len(page.Items) == limit.Items {
			page.Done = false
			return errEnough
		}
		s, err := scanStamped(rows)
		if err != nil {
			return err
		}
		if err := g.keys.usable("text", s.ID); err != nil {
			return err
		}
		page.Items = append(page.Items, s)
		page.Next = backends.Cursor(s.ID)
		return nil
	})
	if err != nil {
		return backends.Page[backends.Stamped]{}, g.failed("stamps", err)
	}
	return page, nil
}

// Fetch finds records by id.
func (g *Generation) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	list, err := inList(ids)
	if err != nil {
		return nil, err
	}
	var records []backends.Record
	err = g.store.rows(ctx, "SELECT id, stamp, vector FROM "+g.keys.table+" WHERE id"+in, []any{list}, func(rows *sql.Rows) error {
		var r backends.Record
		var stored string
		var vector sql.RawBytes
		if err := rows.Scan(&r.ID, &stored, &vector); err != nil {
			return fmt.Errorf("scan record: %w", err)
		}
		if stamp, err := backends.ParseStamp(stored); err == nil {
			r.Stamp = stamp
		}
		r.Vector = decodeVector(vector)
		records = append(records, r)
		return nil
	})
	if err != nil {
		return nil, g.failed("records", err)
	}
	return records, nil
}

// Count counts.
func (g *Generation) Count(ctx context.Context) (n int64, err error) {
	err = g.store.reader.QueryRowContext(ctx, "SELECT count(*) FROM "+g.keys.table).Scan(&n)
	if err != nil {
		return 0, g.failed("count", g.store.translate(err))
	}
	return n, nil
}
