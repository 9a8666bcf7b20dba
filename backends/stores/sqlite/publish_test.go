package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// viewed is a model whose generation is published.
func viewed(revision string) backends.Model {
	return backends.Model{Name: "viewed", Driver: "hashing", Dimensions: 4, Metric: backends.Dot, Revision: revision}
}

// TestViewOfTheActiveGeneration guards what an application selects from: one name,
// whose rows are those of one generation at each moment.
func TestViewOfTheActiveGeneration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	x := openStore(t, path).Index("ns").PublishedAs(`the "active" docs`)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, revision := range []string{"1", "2"} {
		m := viewed(revision)
		g, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
		require.NoError(t, err)
		require.NoError(t, g.Upsert(t.Context(), []backends.Record{{
			ID: "of " + revision, Vector: make([]float32, m.Dimensions),
			Stamp: backends.Stamp{Content: backends.ContentHash("x"), Fingerprint: m.Fingerprint()},
		}}))
		require.NoError(t, x.Publish(t.Context(), x.Locator(m)))
		var id, stamp string
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT id, stamp FROM "the ""active"" docs"`).Scan(&id, &stamp))
		require.Equal(t, "of "+revision, id)
	}
}

// TestPublishReplacesNothingOfOthers guards what an application has made: a table,
// an index, and a view that only looks like one of ours.
func TestPublishReplacesNothingOfOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ made, kind string }{
		"a table":                        {`CREATE TABLE docs_active (id TEXT)`, "table"},
		"a table in other letters":       {`CREATE TABLE Docs_Active (id TEXT)`, "table"},
		"an index":                       {`CREATE TABLE t (id TEXT); CREATE INDEX docs_active ON t (id)`, "index"},
		"a view":                         {`CREATE VIEW docs_active AS SELECT 1 AS id, 2 AS stamp, 3 AS vector`, "view"},
		"a view of another's generation": {`CREATE VIEW "docs_active" AS SELECT id, stamp, vector FROM "reembed_other_0123"`, "view"},
		"a view with more in it":         {`CREATE VIEW "docs_active" AS SELECT id, stamp, vector FROM "reembed_ns_0123" WHERE "1"`, "view"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			x := openStore(t, path).Index("ns").PublishedAs("docs_active")
			m := viewed("1")
			_, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
			require.NoError(t, err)
			db, err := sql.Open("sqlite", path)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			_, err = db.ExecContext(t.Context(), c.made)
			require.NoError(t, err)
			before := schemaOf(t, db)

			err = x.Publish(t.Context(), x.Locator(m))
			require.ErrorIs(t, err, backends.ErrConflict)
			require.ErrorContains(t, err, "there is a "+c.kind+" of that name, which reembed did not make")
			_, err = x.Published(t.Context())
			require.ErrorIs(t, err, backends.ErrConflict)
			require.Equal(t, before, schemaOf(t, db))
		})
	}
}

// schemaOf is all that SQLite knows of the file.
func schemaOf(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT type || ' ' || name || ': ' || ifnull(sql, '') FROM sqlite_master ORDER BY 1")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var one string
		require.NoError(t, rows.Scan(&one))
		all = append(all, one)
	}
	require.NoError(t, rows.Err())
	return all
}

// TestViewOfADroppedGeneration guards the way out: the view of a generation that
// is gone is replaced like any other.
func TestViewOfADroppedGeneration(t *testing.T) {
	t.Parallel()
	x := openStore(t, filepath.Join(t.TempDir(), "store.db")).Index("ns").PublishedAs("active")
	first, second := viewed("1"), viewed("2")
	for _, m := range []backends.Model{first, second} {
		_, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
		require.NoError(t, err)
	}
	require.NoError(t, x.Publish(t.Context(), x.Locator(first)))
	require.NoError(t, x.Drop(t.Context(), x.Locator(first)))
	shown, err := x.Published(t.Context())
	require.NoError(t, err)
	require.Equal(t, x.Locator(first), shown, "it still says so")
	require.NoError(t, x.Publish(t.Context(), x.Locator(second)))
	shown, err = x.Published(t.Context())
	require.NoError(t, err)
	require.Equal(t, x.Locator(second), shown)
}

func TestNamesOfViews(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"reembed_active", "SQLITE_x", "a\x00b", "a\xffb"} {
		require.ErrorIs(t, sqlite.CheckPublish(name), backends.ErrInvalidInput, "%q", name)
		x := openStore(t, filepath.Join(t.TempDir(), "store.db")).Index("ns").PublishedAs(name)
		require.ErrorIs(t, x.Publish(t.Context(), "any"), backends.ErrInvalidInput)
	}
	require.NoError(t, sqlite.CheckPublish("docs_active"))
}
