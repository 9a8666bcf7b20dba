package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// column is what SQLite knows of one.
type column struct {
	name     string
	declared string // its type, as the application wrote it
}

// inspect returns nil when the table can be a source, as far as its columns tell.
func (s *Source) inspect(ctx context.Context) error {
	columns, err := s.describe(ctx)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return fmt.Errorf("%w: there is no such table in %s", backends.ErrNotFound, s.store.config.Path)
	}
	for _, name := range []string{s.table.Key, s.table.Text, s.table.Payload, s.table.ChangedAt} {
		if name != "" && find(columns, name) < 0 {
			return fmt.Errorf("%w: it has no column %q; it has %s", backends.ErrNotFound, name, names(columns))
		}
	}
	key := columns[find(columns, s.table.Key)]
	if a := affinity(key.declared); a != "TEXT" && a != "INTEGER" && a != "NUMERIC" {
		return fmt.Errorf("%w: the key %q is declared as %q: it has to be TEXT or INTEGER", backends.ErrUnsupported, key.name, key.declared)
	}
	if err := s.requireUnique(ctx); err != nil {
		return err
	}
	s.sound.Store(true)
	return nil
}

// sweepable inspects the table before the first sweep, for callers that did not
// ask Ping: a key that compares otherwise than this package thinks loses items.
func (s *Source) sweepable(ctx context.Context) error {
	if s.sound.Load() {
		return nil
	}
	return s.inspect(ctx)
}

func (s *Source) describe(ctx context.Context) ([]column, error) {
	var columns []column
	err := s.store.rows(ctx, "SELECT name, type FROM pragma_table_xinfo(?)", []any{s.table.Name}, func(rows *sql.Rows) error {
		var c column
		if err := rows.Scan(&c.name, &c.declared); err != nil {
			return fmt.Errorf("scan column: %w", err)
		}
		columns = append(columns, c)
		return nil
	})
	return columns, err
}

func find(columns []column, name string) int {
	return slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.name, name) })
}

func names(columns []column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.name
	}
	return strings.Join(out, ", ")
}

// requireUnique wants an index that keeps the key alone unique, by the key's own
// collation: without one a sweep may lose rows of equal keys. A view has no
// index, and is taken on trust.
func (s *Source) requireUnique(ctx context.Context) error {
	// A view, or an INTEGER PRIMARY KEY, which is the rowid and has no index.
	const query = `
SELECT EXISTS (SELECT 1 FROM pragma_table_list(?1) WHERE schema = 'main' AND type = 'view')
 OR (SELECT count(*) = 1 AND max(lower(name)) = lower(?2) FROM pragma_table_info(?1) WHERE pk > 0)
  AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')`
	var ok bool
	if err := s.store.reader.QueryRowContext(ctx, query, s.table.Name, s.table.Key).Scan(&ok); err != nil {
		return s.store.translate(err)
	}
	if ok {
		return nil
	}
	indexes, err := s.uniqueIndexes(ctx)
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if found, err := s.finds(ctx, index); err != nil || found {
			return err
		}
	}
	return fmt.Errorf("%w: nothing keeps the key unique, as it is compared: CREATE UNIQUE INDEX on %s(%s)",
		backends.ErrUnsupported, s.keys.table, s.keys.column)
}

// uniqueIndexes are the names of those on the key alone.
func (s *Source) uniqueIndexes(ctx context.Context) (names []string, err error) {
	const query = `SELECT l.name FROM pragma_index_list(?1) AS l WHERE l."unique" AND NOT l.partial
 AND (SELECT count(*) = 1 AND max(lower(name)) = lower(?2) FROM pragma_index_info(l.name))`
	err = s.store.rows(ctx, query, []any{s.table.Name, s.table.Key}, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("scan index: %w", err)
		}
		names = append(names, name)
		return nil
	})
	return names, err
}

// finds reports whether SQLite finds a key by the index. It does not when the
// index has another collation than the column: then 'a' and 'A' may both be
// there although they compare as equal, and a page that ends between them loses one.
func (s *Source) finds(ctx context.Context, index string) (found bool, err error) {
	query := fmt.Sprintf("EXPLAIN QUERY PLAN SELECT 1 FROM %s INDEXED BY %s WHERE %s = ''", s.keys.table, quote(index), s.keys.column)
	err = s.store.rows(ctx, query, nil, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return fmt.Errorf("scan plan: %w", err)
		}
		found = found || strings.HasPrefix(detail, "SEARCH ")
		return nil
	})
	return found, err
}

// edges looks at the first and the last key: NULL comes before, and BLOBs come
// after every key that can be an id, so that one look finds them all.
func (s *Source) edges(ctx context.Context) error {
	for _, order := range []string{"ASC", "DESC"} {
		query := fmt.Sprintf("SELECT typeof(%[1]s), CAST(%[1]s AS TEXT) FROM %[2]s ORDER BY %[1]s %[3]s LIMIT 1", s.keys.column, s.keys.table, order)
		var kind string
		var id sql.NullString
		err := s.store.reader.QueryRowContext(ctx, query).Scan(&kind, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return s.store.translate(err)
		}
		if err := s.keys.usable(kind, id.String); err != nil {
			return err
		}
	}
	return nil
}

// affinity is the rule of SQLite's documentation, "Datatypes In SQLite", 3.1.
func affinity(declared string) string {
	t := strings.ToUpper(declared)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(t, p) })
	}
	switch {
	case has("INT"):
		return "INTEGER"
	case has("CHAR", "CLOB", "TEXT"):
		return "TEXT"
	case has("BLOB") || t == "":
		return "BLOB"
	case has("REAL", "FLOA", "DOUB"):
		return "REAL"
	}
	return "NUMERIC"
}
