package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

// columns is the query of items, up to its WHERE. Each column is an expression,
// which keeps the driver from making times of columns that are declared as
// dates: a value comes as it is stored, and its Go type is SQLite's. Numbers in
// the text's column are read as SQLite writes them, and payloads as bytes.
func (s *Source) columns() string {
	return "SELECT " + s.values() + " FROM " + s.keys.table
}

// values are the expressions of columns.
func (s *Source) values() string {
	payload := "NULL"
	if s.table.Payload != "" {
		payload = "CAST(" + quote(s.table.Payload) + " AS BLOB)"
	}
	text := quote(s.table.Text)
	return fmt.Sprintf("+%s, CASE typeof(%[2]s) WHEN 'integer' THEN CAST(%[2]s AS TEXT) WHEN 'real' THEN CAST(%[2]s AS TEXT) ELSE %[2]s END, %s",
		s.keys.column, text, payload)
}

// itemRow is a row of columns, which a query reads all its rows into.
type itemRow struct{ key, text, payload any }

// scan reads a row of columns.
func (s *Source) scan(rows *sql.Rows, r *itemRow) (backends.Item, error) {
	if err := rows.Scan(&r.key, &r.text, &r.payload); err != nil {
		return backends.Item{}, fmt.Errorf("scan item: %w", err)
	}
	return s.item(r)
}

// item is what a row of columns holds.
func (s *Source) item(r *itemRow) (backends.Item, error) {
	id, kind := "", ""
	switch key := r.key.(type) {
	case string:
		id, kind = key, "text"
	case int64:
		id, kind = strconv.FormatInt(key, 10), "integer"
	case float64:
		kind = "real"
	case []byte:
		kind = "blob"
	case nil:
		kind = "null"
	}
	if err := s.keys.usable(kind, id); err != nil {
		return backends.Item{}, err
	}
	item := backends.Item{ID: id}
	if r.payload != nil {
		b, ok := r.payload.([]byte)
		if !ok {
			return backends.Item{}, errors.New("scan item: the payload is no BLOB")
		}
		if item.Payload = b; b == nil { // Scan has copied it; an empty one is not none
			item.Payload = []byte{}
		}
	}
	text, ok := r.text.(string)
	switch {
	case len(item.ID) > backends.MaxIDBytes:
		item.Defect = fmt.Sprintf("the id has %d bytes, at most %d", len(item.ID), backends.MaxIDBytes)
	case r.text == nil:
		item.Defect = "the text is NULL"
	case !ok:
		item.Defect = "the text is a BLOB"
	case !utf8.ValidString(text):
		item.Defect = "the text is not UTF-8"
	default:
		item.Text = text
	}
	return item, nil
}
