package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

// columns is the query of items, up to its WHERE. The casts keep the driver
// from making times of columns that are declared as dates, and keep the bytes
// of a payload whatever its type.
func (s *Source) columns() string {
	payload := "NULL"
	if s.table.Payload != "" {
		payload = "CAST(" + quote(s.table.Payload) + " AS BLOB)"
	}
	key, text := s.keys.column, quote(s.table.Text)
	return fmt.Sprintf("SELECT typeof(%s), CAST(%s AS TEXT), typeof(%s), CAST(%s AS TEXT), %s FROM %s",
		key, key, text, text, payload, s.keys.table)
}

// scan reads a row of columns.
func (s *Source) scan(rows *sql.Rows) (backends.Item, error) {
	var (
		keyType, textType string
		id, text          sql.NullString
		payload           any // tells NULL from an empty one
	)
	if err := rows.Scan(&keyType, &id, &textType, &text, &payload); err != nil {
		return backends.Item{}, fmt.Errorf("scan item: %w", err)
	}
	if err := s.keys.usable(keyType, id.String); err != nil {
		return backends.Item{}, err
	}
	item := backends.Item{ID: id.String}
	if payload != nil {
		b, ok := payload.([]byte)
		if !ok {
			return backends.Item{}, errors.New("scan item: the payload is no BLOB")
		}
		item.Payload = append([]byte{}, b...)
	}
	switch {
	case len(item.ID) > backends.MaxIDBytes:
		item.Defect = fmt.Sprintf("the id has %d bytes, at most %d", len(item.ID), backends.MaxIDBytes)
	case textType == "null":
		item.Defect = "the text is NULL"
	case textType == "blob":
		item.Defect = "the text is a BLOB"
	case !utf8.ValidString(text.String):
		item.Defect = "the text is not UTF-8"
	default:
		item.Text = text.String
	}
	return item, nil
}
