package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/reembed/reembed/backends"
)

// Store is an opened database file. It is safe for concurrent use.
type Store struct {
	config Config
	reader *sql.DB
	writer *sql.DB     // one connection: writes of a process queue here, in order
	file   os.FileInfo // what was opened; nil until it is
	schema int         // its version: an older one only where it is read-only
	flush  flusher
}

// Source returns the items of a table; ErrInvalidInput for a bad Table. Whether
// the table exists is Ping's to say.
func (s *Store) Source(t Table) (*Source, error) {
	t = t.WithDefaults()
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("sqlite table: %w", err)
	}
	return &Source{store: s, table: t, keys: keys{table: quote(t.Name), column: quote(t.Key)}}, nil
}

// Index returns the generations of a namespace.
func (s *Store) Index(namespace string) *Index { return &Index{store: s, namespace: namespace} }

// Registry returns the file's registry.
func (s *Store) Registry() *Registry { return &Registry{store: s} }

// Path is the file's.
func (s *Store) Path() string { return s.config.Path }

// Close closes all connections; what runs is ended first. Idempotent.
func (s *Store) Close() error {
	s.flush.close()
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("close %s: %w", s.config.Path, err)
	}
	return nil
}

// checkFile returns ErrUnavailable when the path names another file than the one
// that was opened, or none: connections go on with a file that was removed or
// replaced, and what they write is seen by nobody and gone with them.
func (s *Store) checkFile() error {
	if s.file == nil {
		return nil
	}
	now, err := os.Stat(s.config.Path)
	if err == nil && os.SameFile(s.file, now) {
		return nil
	}
	return fmt.Errorf("%w: %s was removed or replaced while it was open: restart the programs that have it open (all workers)",
		backends.ErrUnavailable, s.config.Path)
}

// durability is the PRAGMA synchronous of a transaction; see the package's doc.
type durability string

const (
	normal durability = "NORMAL"
	full   durability = "FULL"
)

// write runs f in a transaction that has the write lock from its beginning.
// The error is translated.
func (s *Store) write(ctx context.Context, d durability, f func(*sql.Tx) error) error {
	return s.translate(s.transact(ctx, d, f))
}

func (s *Store) transact(ctx context.Context, d durability, f func(*sql.Tx) error) error {
	if s.config.ReadOnly {
		return fmt.Errorf("%w: %s was opened read-only", backends.ErrUnauthorized, s.config.Path)
	}
	if err := s.checkFile(); err != nil {
		return err
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // gives it back
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous="+string(d)); err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		// The reason for the rollback is what the caller needs; a rollback that
		// fails leaves a connection that database/sql throws away.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// read runs f in a transaction that sees one state of the file. The error is translated.
func (s *Store) read(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.translate(err)
	}
	err = f(tx)
	// It changed nothing: how it ends is of no matter.
	_ = tx.Rollback()
	return s.translate(err)
}

// querier is what a query is put to: the readers, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rows runs a query on the readers and hands each row to scan. The error is translated.
func (s *Store) rows(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return s.translate(scanAll(ctx, s.reader, query, args, scan))
}

// scanAll runs a query and hands each row to scan.
func scanAll(ctx context.Context, q querier, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	return rows.Err()
}

// errEnough ends rows early, without an error.
var errEnough = errors.New("enough rows")
