package sqlite_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// TestShownTriggers holds docs/sql.md to what there is: the names of all triggers,
// and the SQL that takes them away.
func TestShownTriggers(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/sql.md")
	require.NoError(t, err)
	c, db := subscribed(t, sqlite.Table{Name: "docs"}, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, slug TEXT UNIQUE)`)
	names := func() (found []string) {
		rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'docs' ORDER BY name")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			found = append(found, regexp.MustCompile(`_\d+_`).ReplaceAllString(name, "_N_"))
		}
		require.NoError(t, rows.Err())
		return found
	}
	var shown []string
	for _, m := range regexp.MustCompile("`(reembed_capture_N_[a-z_]+)`").FindAllSubmatch(page, -1) {
		shown = append(shown, string(m[1]))
	}
	require.ElementsMatch(t, names(), shown)

	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	rows, err := db.QueryContext(t.Context(), string(block[1]))
	require.NoError(t, err)
	defer rows.Close()
	var drops []string
	for rows.Next() {
		var drop string
		require.NoError(t, rows.Scan(&drop))
		drops = append(drops, drop)
	}
	require.NoError(t, rows.Err())
	run(t, db, strings.Join(drops, "\n"))
	require.Empty(t, names())
	run(t, db, "DELETE FROM reembed_changes")
	run(t, db, "INSERT INTO docs (id) VALUES ('a')")
	_, err = c.Changes(t.Context(), "one", "", 1)
	require.ErrorIs(t, err, backends.ErrChangesLost)
}
