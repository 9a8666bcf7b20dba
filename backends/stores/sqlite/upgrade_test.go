package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// version1 is what the first version of the schema made, with a generation.
var version1 = []string{
	`CREATE TABLE reembed_schema (version INTEGER NOT NULL) STRICT`,
	`CREATE TABLE reembed_registry (
	kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
	PRIMARY KEY (kind, key)
) STRICT`,
	`CREATE TABLE reembed_versions (last INTEGER NOT NULL) STRICT`,
	`CREATE TABLE reembed_generations (
	locator TEXT NOT NULL PRIMARY KEY, namespace TEXT NOT NULL, model TEXT NOT NULL,
	fingerprint TEXT NOT NULL, dimensions INTEGER NOT NULL, metric TEXT NOT NULL
) STRICT`,
	`INSERT INTO reembed_schema VALUES (1)`,
	`INSERT INTO reembed_versions VALUES (7)`,
	`INSERT INTO reembed_registry VALUES ('kind', 'key', 7, '{}')`,
	`INSERT INTO reembed_generations VALUES ('reembed_ns_old', 'ns', 'm', 'old', 2, 'cosine')`,
	`CREATE TABLE reembed_ns_old (
	id TEXT NOT NULL PRIMARY KEY,
	stamp TEXT NOT NULL DEFAULT '',
	vector BLOB NOT NULL CHECK (typeof(vector) = 'blob' AND length(vector) = 8)
)`,
	`INSERT INTO reembed_ns_old VALUES ('a', '', x'0000803f0000803f')`,
	`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)`,
}

func TestUpgradeFromVersion1(t *testing.T) {
	t.Parallel()
	path, db := application(t, version1...)
	older, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, ReadOnly: true})
	require.NoError(t, err, "read-only, it stays as it is")
	defer older.Close()
	info, err := older.Index("ns").Describe(t.Context(), "reembed_ns_old")
	require.NoError(t, err)
	require.EqualValues(t, 1, info.Records)
	journal := sqlite.Table{Name: "docs", Capture: sqlite.CaptureJournal}
	src, err := older.Source(journal)
	require.NoError(t, err)
	_, ok := backends.As[backends.Capture](src)
	require.False(t, ok, "there is nothing to keep changes in")

	var openers sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		openers.Go(func() {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			if err == nil {
				err = s.Close()
			}
			errs[i] = err
		})
	}
	openers.Wait()
	for _, err := range errs {
		require.NoError(t, err, "many at once")
	}
	var version int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT version FROM reembed_schema").Scan(&version))
	require.Equal(t, 2, version)
	// A program of version 1 that still has the file open goes on.
	run(t, db, "INSERT INTO reembed_generations (locator, namespace, model, fingerprint, dimensions, metric) VALUES ('reembed_ns_late', 'ns', 'm', 'late', 2, 'cosine')")

	s := openStore(t, path)
	e, err := s.Registry().Get(t.Context(), "kind", "key")
	require.NoError(t, err)
	require.EqualValues(t, 7, e.Version)
	specs, err := s.Index("ns").Generations(t.Context())
	require.NoError(t, err)
	require.Len(t, specs, 2)
	info, err = s.Index("ns").Describe(t.Context(), "reembed_ns_old")
	require.NoError(t, err)
	require.True(t, info.CreatedAt.IsZero(), "nobody wrote it down")
	src, err = s.Source(journal)
	require.NoError(t, err)
	c, ok := backends.As[backends.Capture](src)
	require.True(t, ok)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	run(t, db, "INSERT INTO docs VALUES ('a', 'x')")
	require.Equal(t, []string{"a"}, told(t, c))
}

// TestSchemaIsOne: what an upgrade makes of an old file is what a new file has.
func TestSchemaIsOne(t *testing.T) {
	t.Parallel()
	tables := func(path string) map[string][]string {
		columns := map[string][]string{}
		rows, err := openRaw(t, path).QueryContext(t.Context(), `SELECT m.name, c.name || ' ' || c.type || ' ' || c."notnull" || coalesce(c.dflt_value, '')
			FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.name GLOB 'reembed_[rvgcs]*' AND m.type = 'table' ORDER BY 1, c.cid`)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var table, column string
			require.NoError(t, rows.Scan(&table, &column))
			columns[table] = append(columns[table], column)
		}
		require.NoError(t, rows.Err())
		return columns
	}
	old, _ := application(t, version1...)
	openStore(t, old)
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	openStore(t, fresh)
	require.NotEmpty(t, tables(fresh))
	require.Equal(t, tables(fresh), tables(old))
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s, g, db := opened(t, backends.Cosine)
	begun := time.Now().Add(-time.Minute)
	var records []backends.Record
	for i := range 500 {
		records = append(records, backends.Record{ID: string(rune('a'+i%26)) + string(rune('0'+i)), Vector: []float32{1, float32(i)}})
	}
	require.NoError(t, g.Upsert(t.Context(), records))
	locator := g.Spec().Locator
	info, err := s.Index("ns").Describe(t.Context(), locator)
	require.NoError(t, err)
	require.Equal(t, g.Spec(), info.GenerationSpec)
	require.EqualValues(t, len(records), info.Records)
	require.WithinRange(t, info.CreatedAt, begun, time.Now().Add(time.Minute))
	require.InDelta(t, 500*(8+24+2*3), info.Bytes, 2000)
	for _, foreign := range []string{"docs", "", locator + "x"} {
		_, err = s.Index("ns").Describe(t.Context(), foreign)
		require.ErrorIs(t, err, backends.ErrNotFound)
	}
	_, err = s.Index("other").Describe(t.Context(), locator)
	require.ErrorIs(t, err, backends.ErrNotFound)
	run(t, db, "UPDATE reembed_generations SET created_at = 'yesterday'")
	_, err = s.Index("ns").Describe(t.Context(), locator)
	require.ErrorIs(t, err, backends.ErrDamaged)
}
