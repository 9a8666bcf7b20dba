package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// keys is the key space of a table: its unique column, in its own order. Both
// names are quoted.
type keys struct{ table, column string }

// within is the WHERE clause of what is behind the cursor in a range. SQLite
// takes one lower bound for its search: of two it took the range's, and each
// page walked over all that the pages before had read. As NOT the range's is
// none that it could take; it holds for cursors from elsewhere.
func (k keys) within(r backends.Range, after backends.Cursor) (clause string, args []any) {
	var terms []string
	add := func(term, place string) {
		if place != "" {
			terms = append(terms, fmt.Sprintf(term, k.column))
			args = append(args, place)
		}
	}
	add("%s > ?", string(after))
	if after == "" {
		add("%s >= ?", string(r.From))
	} else {
		add("NOT (%s < ?)", string(r.From))
	}
	add("%s < ?", string(r.To))
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

// split walks the key's index in steps of size.
func (k keys) split(ctx context.Context, s *Store, after backends.Key, size, limit int) ([]backends.Key, error) {
	if err := backends.CheckSplit(after, size, limit); err != nil {
		return nil, err
	}
	var found []backends.Key
	for len(found) < limit {
		where, args := k.within(backends.Range{From: after}, "")
		query := "SELECT typeof(" + k.column + "), CAST(" + k.column + " AS TEXT) FROM " + k.table + where +
			" ORDER BY " + k.column + " LIMIT 1 OFFSET ?"
		var kind string
		var id sql.NullString
		err := s.reader.QueryRowContext(ctx, query, append(args, size)...).Scan(&kind, &id)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return nil, s.translate(err)
		}
		if err := k.usable(kind, id.String); err != nil {
			return nil, err
		}
		if backends.Key(id.String) == after {
			return nil, fmt.Errorf("%w: column %s of table %s is not unique", backends.ErrInvalidInput, k.column, k.table)
		}
		after = backends.Key(id.String)
		found = append(found, after)
	}
	return found, nil
}

// usable returns an ErrInvalidInput for a key that has no id, with the SQL that finds such keys.
func (k keys) usable(kind, id string) error {
	find := func(condition string) string {
		return fmt.Sprintf("give the row another key; SELECT * FROM %s WHERE %s finds it", k.table, condition)
	}
	switch {
	case kind == "null":
		return fmt.Errorf("%w: a key of table %s is NULL: %s", backends.ErrInvalidInput, k.table, find(k.column+" IS NULL"))
	case kind != "text" && kind != "integer":
		return fmt.Errorf("%w: a key of table %s is a %s: %s", backends.ErrInvalidInput, k.table, kind,
			find("typeof("+k.column+") = '"+kind+"'"))
	case id == "":
		return fmt.Errorf("%w: a key of table %s is empty: %s", backends.ErrInvalidInput, k.table, find(k.column+" = ''"))
	case !addressable(id):
		return fmt.Errorf("%w: a key of table %s is not UTF-8, or has a NUL byte: %s", backends.ErrInvalidInput, k.table,
			find(k.column+" = CAST(x'"+fmt.Sprintf("%x", id)+"' AS TEXT)"))
	}
	return nil
}
