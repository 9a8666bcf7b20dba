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
