package sqlite_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// paths are the files of running tests, by the test's name: what loses changes
// does so behind the store's back.
var paths sync.Map

func applicationOf(t *testing.T) *sql.DB {
	t.Helper()
	path, ok := paths.Load(t.Name())
	require.True(t, ok)
	return openRaw(t, path.(string))
}

func capturing(t *testing.T, s *sqlite.Store, table sqlite.Table) backends.Source {
	t.Helper()
	paths.Store(t.Name(), s.Path())
	table.Payload = "payload"
	src, err := s.Source(table)
	require.NoError(t, err)
	return src
}

func TestJournal(t *testing.T) {
	t.Parallel()
	h := backendtest.CaptureHarness{
		Harness: harness(func(t *testing.T, s *sqlite.Store, name string) backends.Source {
			return capturing(t, s, sqlite.Table{Name: name, Capture: sqlite.CaptureJournal, JournalMaxBytes: 128 << 10})
		}),
		Lose: map[string]func(*testing.T, backendtest.Place[backends.Source], string){
			"more bytes than are kept": func(t *testing.T, _ backendtest.Place[backends.Source], table string) {
				db := applicationOf(t)
				run(t, db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO "+table+" (id, text) SELECT 'many-' || i, 't' FROM n")
				var changes int
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM reembed_changes c, reembed_consumers s WHERE c.consumer = s.consumer AND s.name = 'two'").Scan(&changes))
				require.Less(t, changes, 3000, "the journal does not grow for ever")
			},
		},
	}
	for name, statements := range map[string][]string{
		"a trigger that was dropped":     {`DROP TRIGGER (trigger)`},
		"a table that was made anew":     {`DROP TABLE "(table)"`, `CREATE TABLE "(table)" (id TEXT PRIMARY KEY, text TEXT, payload)`},
		"a table in another's place":     {`ALTER TABLE "(table)" RENAME TO old`, `CREATE TABLE "(table)" (id TEXT PRIMARY KEY, text TEXT, payload)`},
		"one more unique index":          {`ALTER TABLE "(table)" ADD COLUMN slug`, `CREATE UNIQUE INDEX i ON "(table)" (slug)`},
		"consumers that fell behind":     {"UPDATE reembed_consumers SET bytes = max_bytes + 1 WHERE source = '(table)'"},
		"a trigger that does other work": {`DROP TRIGGER (trigger)`, `CREATE TRIGGER (trigger) AFTER INSERT ON "(table)" BEGIN SELECT 1; END`},
	} {
		h.Lose[name] = func(t *testing.T, _ backendtest.Place[backends.Source], table string) {
			db := applicationOf(t)
			insertTriggers := triggersOf(t, db, table)
			require.Len(t, insertTriggers, 2, "of two consumers")
			for _, s := range statements {
				s = strings.ReplaceAll(s, "(table)", table)
				if !strings.Contains(s, "(trigger)") {
					run(t, db, s)
					continue
				}
				for _, trigger := range insertTriggers {
					run(t, db, strings.ReplaceAll(s, "(trigger)", trigger))
				}
			}
		}
	}
	backendtest.Capture(t, h)
}

func FuzzCapture(f *testing.F) {
	backendtest.FuzzCapture(f, harness(func(t *testing.T, s *sqlite.Store, name string) backends.Source {
		return capturing(t, s, sqlite.Table{Name: name, Capture: sqlite.CaptureJournal})
	}))
}

func triggersOf(t *testing.T, db *sql.DB, table string) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND name LIKE '%_insert' ORDER BY name", table)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

// keepsTime makes a table whose application keeps the time of the last change,
// in one of the forms.
func keepsTime(table, now string) string {
	return fmt.Sprintf(`
CREATE TABLE IF NOT EXISTS %[1]s (id TEXT PRIMARY KEY, text TEXT NOT NULL, payload, updated_at NOT NULL DEFAULT (%[2]s));
CREATE INDEX IF NOT EXISTS %[1]s_time ON %[1]s (updated_at);
CREATE TRIGGER IF NOT EXISTS %[1]s_time AFTER UPDATE OF text, payload ON %[1]s
WHEN OLD.text IS NOT NEW.text OR OLD.payload IS NOT NEW.payload
BEGIN UPDATE %[1]s SET updated_at = %[2]s WHERE id = NEW.id; END`, table, now)
}

func TestChangedAt(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]string{
		"seconds":      "unixepoch()",
		"milliseconds": "CAST(1000 * unixepoch('subsec') AS INTEGER)",
		"text":         "datetime()",
		"ISO text":     "strftime('%Y-%m-%dT%H:%M:%fZ')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backendtest.Capture(t, backendtest.CaptureHarness{Harness: harness(func(t *testing.T, s *sqlite.Store, name string) backends.Source {
				if name != "missing" {
					run(t, openRaw(t, s.Path()), keepsTime(name, now))
				}
				return capturing(t, s, sqlite.Table{Name: name, ChangedAt: "updated_at"})
			})})
		})
	}
}

func TestConditionalWriter(t *testing.T) {
	t.Parallel()
	backendtest.ConditionalWriter(t, harness(func(t *testing.T, s *sqlite.Store, name string) backendtest.Pair {
		table := sqlite.Table{Name: name}
		src, err := s.Source(table)
		require.NoError(t, err)
		index, err := s.Index("ns").Over(table)
		require.NoError(t, err)
		return backendtest.Pair{Source: src, Index: index}
	}))
}
