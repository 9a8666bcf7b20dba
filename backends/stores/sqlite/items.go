package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

// PutItems writes into the table, and makes it if there is none: with a TEXT
// key, and with the payload column if the Table names one. ErrUnsupported for a
// payload that has no column.
func (s *Source) PutItems(ctx context.Context, items []backends.Item) error {
	if err := s.checkItems(items); err != nil {
		return fmt.Errorf("put items into table %q: %w", s.table.Name, err)
	}
	err := s.store.write(ctx, full, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.create()); err != nil {
			return err
		}
		if err := s.checkKeys(ctx, tx, items); err != nil {
			return err
		}
		stmt, err := tx.PrepareContext(ctx, s.upsert())
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i := range items {
			if _, err := stmt.ExecContext(ctx, s.args(&items[i])...); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put items into table %q: %w", s.table.Name, err)
	}
	return nil
}

// DeleteItems deletes by key.
func (s *Source) DeleteItems(ctx context.Context, ids []string) error {
	list, err := inList(ids)
	if err != nil {
		return err
	}
	err = s.store.write(ctx, full, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+s.keys.table+" WHERE "+s.keys.column+in, list)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete items of table %q: %w", s.table.Name, err)
	}
	return nil
}

func (s *Source) checkItems(items []backends.Item) error {
	if err := backends.CheckItems(items); err != nil {
		return err
	}
	for i := range items {
		if items[i].Payload != nil && s.table.Payload == "" {
			return fmt.Errorf("item %d: %w: it has a payload, and no column is named for payloads: set the namespace's payload key in the catalog, and have that column in the table", i, backends.ErrUnsupported)
		}
		if !utf8.ValidString(items[i].Text) {
			return fmt.Errorf("item %d: %w: the text is not UTF-8", i, backends.ErrInvalidInput)
		}
	}
	return nil
}

// checkKeys refuses ids that a column of numbers would change: 007 is 7 there.
func (s *Source) checkKeys(ctx context.Context, tx *sql.Tx, items []backends.Item) error {
	var declared string
	err := tx.QueryRowContext(ctx, "SELECT type FROM pragma_table_xinfo(?) WHERE lower(name) = lower(?)", s.table.Name, s.table.Key).Scan(&declared)
	if err != nil {
		return fmt.Errorf("look at the key: %w", err)
	}
	if affinity(declared) == "TEXT" {
		return nil
	}
	for i := range items {
		if id := items[i].ID; numeric(id) && !plainInteger(id) {
			return fmt.Errorf("item %d: %w: the key is declared as %q, which would change this id", i, backends.ErrInvalidInput, declared)
		}
	}
	return nil
}

func numeric(id string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(id), 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

func plainInteger(id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == id
}

func (s *Source) create() string {
	payload := ""
	if s.table.Payload != "" {
		payload = ", " + quote(s.table.Payload) // no type: what is put in is kept as it is
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s TEXT NOT NULL PRIMARY KEY, %s TEXT NOT NULL%s)",
		s.keys.table, s.keys.column, quote(s.table.Text), payload)
}

func (s *Source) upsert() string {
	columns := []string{s.keys.column, quote(s.table.Text)}
	set := []string{columns[1] + " = excluded." + columns[1]}
	if s.table.Payload != "" {
		p := quote(s.table.Payload)
		columns = append(columns, p)
		set = append(set, p+" = excluded."+p)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s) ON CONFLICT (%s) DO UPDATE SET %s", s.keys.table,
		strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1), s.keys.column, strings.Join(set, ", "))
}

// args binds a payload as TEXT where it is text, so that SQL can read its JSON.
func (s *Source) args(item *backends.Item) []any {
	args := []any{item.ID, item.Text}
	switch {
	case s.table.Payload == "":
	case item.Payload == nil:
		args = append(args, nil)
	case utf8.Valid(item.Payload):
		args = append(args, string(item.Payload))
	default:
		args = append(args, item.Payload)
	}
	return args
}
