package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// schemaVersion is the version of the tables that package doc shows.
const schemaVersion = 1

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
	fingerprint TEXT NOT NULL, dimensions INTEGER NOT NULL, metric TEXT NOT NULL
) STRICT;
INSERT INTO reembed_schema (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM reembed_schema);
INSERT INTO reembed_versions (last) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM reembed_versions);
`

// prepareSchema makes this package's tables in a file that has none, and
// refuses a file of a newer reembed.
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
	return nil
}

func (s *Store) readSchema(ctx context.Context) (version int, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT version FROM reembed_schema").Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("%w: reembed_schema is empty", backends.ErrNotFound)
	}
	return version, s.translate(err)
}
