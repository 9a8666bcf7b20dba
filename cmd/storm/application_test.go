package storm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// application is the public face of a set's store, as its application uses it.
type application interface {
	// put inserts an item that is not there.
	put(ctx context.Context, id string, c content) error
	// edit changes one that is; how many ways there are is the application's.
	edit(ctx context.Context, way int, id string, c content) error
	remove(ctx context.Context, id string) error
}

// renamer is an application that gives items other ids, and takes changes back.
type renamer interface {
	rename(ctx context.Context, from, to string) error
	// abandon changes an item and takes it back, in one transaction.
	abandon(ctx context.Context, id string) error
}

// executor is a database or a transaction of one.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// table is an application's table in SQLite, written with its own SQL.
type table struct {
	name string
	db   *sql.DB
	in   executor // db, or the transaction that all is written in
}

// newTable makes the table.
func newTable(ctx context.Context, db *sql.DB, name string) (*table, error) {
	_, err := db.ExecContext(ctx, fmt.Sprintf("CREATE TABLE %q (id TEXT NOT NULL PRIMARY KEY, body TEXT, meta TEXT)", name))
	return &table{name, db, db}, err
}

// one runs a statement that has to change one row.
func (t *table) one(ctx context.Context, statement string, args ...any) error {
	res, err := t.in.ExecContext(ctx, fmt.Sprintf(statement, t.name), args...)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%s changed %d rows: the item is not as it was left", statement, n)
	}
	return nil
}

func (t *table) put(ctx context.Context, id string, c content) error {
	return t.one(ctx, "INSERT INTO %q (id, body, meta) VALUES (?, ?, ?)", id, c.text, c.payload)
}

// edits are the ways in which SQL changes a row: not all of them are an UPDATE.
var edits = []string{
	"UPDATE %q SET body = ?2, meta = ?3 WHERE id = ?1",
	"INSERT OR REPLACE INTO %q (id, body, meta) VALUES (?1, ?2, ?3)",
	"INSERT INTO %q (id, body, meta) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET body = excluded.body, meta = excluded.meta",
	"UPDATE OR REPLACE %q SET id = id, body = ?2, meta = ?3 WHERE id = ?1",
}

func (t *table) edit(ctx context.Context, way int, id string, c content) error {
	return t.one(ctx, edits[way%len(edits)], id, c.text, c.payload)
}

func (t *table) remove(ctx context.Context, id string) error {
	return t.one(ctx, "DELETE FROM %q WHERE id = ?", id)
}

func (t *table) rename(ctx context.Context, from, to string) error {
	return t.one(ctx, "UPDATE %q SET id = ?2 WHERE id = ?1", from, to)
}

func (t *table) abandon(ctx context.Context, id string) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("UPDATE %q SET body = 'nobody ever sees this' WHERE id = ?", t.name), id)
	return errors.Join(err, tx.Rollback())
}
