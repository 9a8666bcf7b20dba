package cli_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
	"github.com/reembed/reembed/starter/cli"
)

// blocks are the fenced blocks of a language in a document.
func blocks(t *testing.T, document, language string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", document))
	require.NoError(t, err)
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^ *```"+language+"\n(.*?)^ *```").FindAllSubmatch(raw, -1) {
		found = append(found, string(m[1]))
	}
	return found
}

// example is the example's database, whose items were embedded with "large".
func example(t *testing.T) (file string, db *sql.DB) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "docs", "example"))))
	catalog := filepath.Join(dir, "reembed.yaml")
	raw, err := os.ReadFile(catalog)
	require.NoError(t, err)
	raw = bytes.Replace(raw, []byte("model: small"), []byte("model: large"), 1)
	require.NoError(t, os.WriteFile(catalog, raw, 0o600))
	run(t, "import", filepath.Join(dir, "docs.jsonl"), "--namespace", "docs", "--catalog", catalog)
	file = filepath.Join(dir, "reembed.db")
	db, err = sql.Open("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return file, db
}

// run runs the program in this process; it has to succeed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), args, nil, strings.NewReader(""), &stdout, &stderr)
	require.Zero(t, code, stderr.String())
	return stdout.String()
}

// TestShownSQLOfTheRoute runs what docs/reading-the-route.md shows, as it stands there.
func TestShownSQLOfTheRoute(t *testing.T) {
	t.Parallel()
	shown := blocks(t, "reading-the-route.md", "sql")
	require.Len(t, shown, 3)
	_, db := example(t)

	var locator, model string
	require.NoError(t, db.QueryRowContext(t.Context(), shown[0]).Scan(&locator, &model))
	require.Equal(t, "large", model)
	require.Contains(t, shown[1], locator, "the page shows the example's own locator")

	columns := func(db *sql.DB) []string {
		var found []string
		rows, err := db.QueryContext(t.Context(), "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk FROM pragma_table_info(?)", locator)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var c string
			require.NoError(t, rows.Scan(&c))
			found = append(found, c)
		}
		require.NoError(t, rows.Err())
		return found
	}
	empty, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "empty.db"))
	require.NoError(t, err)
	defer empty.Close()
	_, err = empty.ExecContext(t.Context(), shown[1])
	require.NoError(t, err)
	require.NotEmpty(t, columns(db))
	require.Equal(t, columns(db), columns(empty), "the table of a generation")

	var query []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT vector FROM "+locator+" WHERE id = 'refunds'").Scan(&query))
	var id, text, meta string
	require.NoError(t, db.QueryRowContext(t.Context(), shown[2], sql.Named("query", query)).Scan(&id, &text, &meta))
	require.Equal(t, "refunds", id)
	require.JSONEq(t, `{"lang": "en"}`, meta)
}

// TestShownSQLOfApplications runs what docs/application.md shows: the pair that a
// query needs, a vector that the application made, what it wrote in a wrong form,
// and a search of the published name.
func TestShownSQLOfApplications(t *testing.T) {
	t.Parallel()
	shown := blocks(t, "application.md", "sql")
	require.Len(t, shown, 4)
	file, db := example(t)
	catalog := filepath.Join(filepath.Dir(file), "reembed.yaml")

	var model, locator, fingerprint string
	require.NoError(t, db.QueryRowContext(t.Context(), shown[0]).Scan(&model, &locator, &fingerprint))
	require.Equal(t, "large", model)
	require.Contains(t, shown[1], locator, "the page shows the example's own locator")
	require.Contains(t, shown[1], "'"+fingerprint+"'")

	wrong := func() (ids []string) {
		rows, err := db.QueryContext(t.Context(), shown[2])
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var id string
			require.NoError(t, rows.Scan(&id))
			ids = append(ids, id)
		}
		require.NoError(t, rows.Err())
		return ids
	}
	require.Empty(t, wrong())
	var text string
	var vector []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT text FROM docs WHERE id = 'refunds'").Scan(&text))
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT vector FROM "+locator+" WHERE id = 'refunds'").Scan(&vector))
	_, err := db.ExecContext(t.Context(), "INSERT INTO docs (id, text) VALUES ('again', ?)", text)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), shown[1], sql.Named("id", "again"), sql.Named("vector", vector), sql.Named("content", backends.ContentHash(text)))
	require.NoError(t, err)
	require.Empty(t, wrong())
	run(t, "diff", "docs", "--catalog", catalog) // and finds nothing to do
	_, err = db.ExecContext(t.Context(), "UPDATE "+locator+" SET stamp = 'mine' WHERE id = 'again'")
	require.NoError(t, err)
	require.Equal(t, []string{"again"}, wrong())
	run(t, "diff", "docs", "--repair", "--catalog", catalog)
	require.Empty(t, wrong())

	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: file})
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Index("docs").PublishedAs("docs_active").Publish(t.Context(), locator))
	var id string
	require.NoError(t, db.QueryRowContext(t.Context(), shown[3], sql.Named("query", vector)).Scan(&id, &text))
	require.Contains(t, []string{"again", "refunds"}, id, "which have one text")
}
