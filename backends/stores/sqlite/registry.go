package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Registry is the file's versioned records. All keys draw their versions from
// one sequence, so that none comes twice, also across a Delete.
type Registry struct{ store *Store }

var _ backends.Registry = (*Registry)(nil)

// Ping reads the sequence, and sees whether the file is still the one that was opened.
func (r *Registry) Ping(ctx context.Context) error {
	if err := r.store.checkFile(); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	var last int64
	err := r.store.reader.QueryRowContext(ctx, "SELECT last FROM reembed_versions").Scan(&last)
	if err != nil {
		return fmt.Errorf("registry: %w", r.store.translate(err))
	}
	return nil
}

// Get returns a record.
func (r *Registry) Get(ctx context.Context, kind, key string) (backends.Entry, error) {
	e := backends.Entry{Kind: kind, Key: key}
	err := r.store.reader.QueryRowContext(ctx, "SELECT version, value FROM reembed_registry WHERE kind = ? AND key = ?", kind, key).
		Scan(&e.Version, &e.Value)
	if errors.Is(err, sql.ErrNoRows) {
		err = backends.ErrNotFound
	}
	if err != nil {
		return backends.Entry{}, fmt.Errorf("get %s record %q: %w", kind, key, r.store.translate(err))
	}
	return e, nil
}

// Put writes a record under the next version of the file.
func (r *Registry) Put(ctx context.Context, kind, key string, version int64, value []byte) (next int64, err error) {
	if err := backends.CheckEntry(kind, key, value); err != nil {
		return 0, err
	}
	err = r.store.write(ctx, full, func(tx *sql.Tx) error {
		if err := expect(ctx, tx, kind, key, version); err != nil {
			return err
		}
		var err error
		if next, err = nextVersion(ctx, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO reembed_registry (kind, key, version, value) VALUES (?, ?, ?, ?)
			ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, value = excluded.value`,
			kind, key, next, string(value))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("put %s record %q: %w", kind, key, err)
	}
	return next, nil
}

// nextVersion draws from the file's sequence.
func nextVersion(ctx context.Context, tx *sql.Tx) (next int64, err error) {
	err = tx.QueryRowContext(ctx, "UPDATE reembed_versions SET last = last + 1 RETURNING last").Scan(&next)
	return next, err
}

// Delete removes a record.
func (r *Registry) Delete(ctx context.Context, kind, key string, version int64) error {
	err := r.store.write(ctx, full, func(tx *sql.Tx) error {
		err := expect(ctx, tx, kind, key, version)
		if errors.Is(err, errAbsent) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM reembed_registry WHERE kind = ? AND key = ?", kind, key)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete %s record %q: %w", kind, key, err)
	}
	return nil
}

// errAbsent is the conflict with a record that does not exist.
var errAbsent = fmt.Errorf("%w: there is no such record", backends.ErrConflict)

// expect returns ErrConflict unless the record has the version; 0: does not exist.
func expect(ctx context.Context, tx *sql.Tx, kind, key string, version int64) error {
	var have int64
	err := tx.QueryRowContext(ctx, "SELECT version FROM reembed_registry WHERE kind = ? AND key = ?", kind, key).Scan(&have)
	switch {
	case errors.Is(err, sql.ErrNoRows) && version == 0:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return errAbsent
	case err != nil:
		return err
	case have != version:
		return fmt.Errorf("%w: it has version %d, expected %d", backends.ErrConflict, have, version)
	}
	return nil
}

// List reads from the first key that can match up to the first that does not:
// keys of one prefix lie together.
func (r *Registry) List(ctx context.Context, kind, prefix, after string, limit int) ([]backends.Entry, error) {
	const query = "SELECT key, version, value FROM reembed_registry WHERE kind = ? AND key >= ? AND key > ? ORDER BY key LIMIT ?"
	var found []backends.Entry
	err := r.store.rows(ctx, query, []any{kind, prefix, after, max(limit, 0)}, func(rows *sql.Rows) error {
		e := backends.Entry{Kind: kind}
		if err := rows.Scan(&e.Key, &e.Version, &e.Value); err != nil {
			return fmt.Errorf("scan record: %w", err)
		}
		if !strings.HasPrefix(e.Key, prefix) {
			return errEnough
		}
		found = append(found, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s records: %w", kind, err)
	}
	return found, nil
}
