package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// schemaVersion is the version of the tables that package doc shows.
const schemaVersion = 2

// schema makes what is missing, and changes nothing that is there.
const schema = `
CREATE TABLE IF NOT EXISTS reembed_schema (version INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS reembed_registry (
	kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
	PRIMARY KEY (kind, key)
) STRICT;
CREATE TABLE IF NOT EXISTS reembed_versions (last INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS reembed_generations (
	locator TEXT NOT NULL PRIMARY KEY, namespace TEXT NOT NULL, model TEXT NOT NULL,
	fingerprint TEXT NOT NULL, dimensions INTEGER NOT NULL, metric TEXT NOT NULL,
	created_at TEXT NOT NULL DEFAULT ''
) STRICT;
` + captureSchema + `
INSERT INTO reembed_schema (version) SELECT 2 WHERE NOT EXISTS (SELECT 1 FROM reembed_schema);
INSERT INTO reembed_versions (last) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM reembed_versions);
`

// captureSchema came with version 2.
const captureSchema = `
CREATE TABLE IF NOT EXISTS reembed_consumers (
	consumer INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, kind TEXT NOT NULL,
	definition TEXT NOT NULL, mark INTEGER NOT NULL, pending INTEGER NOT NULL, bytes INTEGER NOT NULL, max_bytes INTEGER NOT NULL,
	since ANY, UNIQUE (source, name)
) STRICT;
CREATE TABLE IF NOT EXISTS reembed_changes (
	consumer INTEGER NOT NULL, mark INTEGER NOT NULL, id TEXT NOT NULL,
	PRIMARY KEY (consumer, mark)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS reembed_changes_id ON reembed_changes (consumer, id);
CREATE TABLE IF NOT EXISTS reembed_seen (
	consumer INTEGER NOT NULL, id TEXT NOT NULL, mark TEXT NOT NULL, changed_at ANY NOT NULL,
	PRIMARY KEY (consumer, id)
) STRICT, WITHOUT ROWID;
`

// upgrades bring a file from the version that they are behind in the list, from
// 1 on, to the next. Programs of the older version that have the file open go on.
var upgrades = []string{
	"ALTER TABLE reembed_generations ADD COLUMN created_at TEXT NOT NULL DEFAULT '';" + captureSchema,
}

// upgrade brings the file to schemaVersion, all or nothing.
func (s *Store) upgrade(ctx context.Context) error {
	return s.write(ctx, full, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT version FROM reembed_schema").Scan(&version); err != nil {
			return err
		}
		if version < 1 || version >= schemaVersion { // another process was first
			return nil
		}
		for _, step := range upgrades[version-1:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("upgrade from schema %d: %w", version, err)
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE reembed_schema SET version = ?", schemaVersion)
		return err
	})
}

// prepareSchema makes this package's tables in a file that has none, brings those
// of an older reembed up to date, and refuses a file of a newer one. A file that
// is opened read-only stays as it is.
func (s *Store) prepareSchema(ctx context.Context) error {
	version, err := s.readSchema(ctx)
	if errors.Is(err, backends.ErrNotFound) {
		if s.config.ReadOnly {
			return fmt.Errorf("%w: the file holds nothing of reembed", backends.ErrNotFound)
		}
		err = s.write(ctx, full, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, schema)
			return err
		})
		if err == nil {
			version, err = s.readSchema(ctx)
		}
	}
	if err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("%w: the file was written by a newer reembed (schema %d, this one knows %d): upgrade this program",
			backends.ErrUnsupported, version, schemaVersion)
	}
	s.schema = version
	if version < schemaVersion && !s.config.ReadOnly {
		if err := s.upgrade(ctx); err != nil {
			return err
		}
		s.schema = schemaVersion
	}
	return nil
}

func (s *Store) readSchema(ctx context.Context) (version int, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT version FROM reembed_schema").Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("%w: reembed_schema is empty", backends.ErrNotFound)
	}
	return version, s.translate(err)
}
