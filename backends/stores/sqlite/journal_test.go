package sqlite_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// subscribed is an application's table with a consumer.
func subscribed(t *testing.T, table sqlite.Table, statements ...string) (backends.Capture, *sql.DB) {
	t.Helper()
	path, db := application(t, statements...)
	table.Capture = sqlite.CaptureJournal
	c, ok := backends.As[backends.Capture](sourceOf(t, path, table))
	require.True(t, ok)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	return c, db
}

// told returns the ids that changed since the last call.
func told(t *testing.T, c backends.Capture) []string {
	t.Helper()
	page, err := c.Changes(t.Context(), "one", "", 1000)
	require.NoError(t, err)
	require.True(t, page.Done)
	require.NoError(t, c.Acknowledge(t.Context(), "one", page.Items))
	list, err := c.Consumers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []backends.Consumer{{Name: "one", Pending: 0}}, list, "counted as it is kept")
	ids := []string{}
	for _, change := range page.Items {
		ids = append(ids, change.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestStatementsOfApplications: each statement leaves exactly these ids in the
// journal. Most of the lines are a way in which SQLite lets a change pass by a trigger.
func TestStatementsOfApplications(t *testing.T) {
	t.Parallel()
	type step struct {
		statement string
		want      string // ids, sorted
	}
	plain := `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, other TEXT)`
	rows := `INSERT INTO docs (id, text) VALUES ('a', '1'), ('b', '2'), ('c', '3')`
	for name, c := range map[string]struct {
		setup []string
		table sqlite.Table
		steps []step
	}{
		"plain": {[]string{plain, rows}, sqlite.Table{}, []step{
			{`INSERT INTO docs (id, text) VALUES ('d', '4')`, "d"},
			{`UPDATE docs SET text = 'x' WHERE id = 'a'`, "a"},
			{`UPDATE docs SET text = 'x' WHERE id = 'a'`, ""},
			{`UPDATE docs SET other = 'x'`, ""},
			{`UPDATE docs SET id = 'A' WHERE id = 'a'`, "A a"},
			{`UPDATE docs SET text = NULL WHERE id = 'b'`, "b"},
			{`UPDATE docs SET text = NULL WHERE id = 'b'`, ""},
			{`BEGIN; UPDATE docs SET text = 'y'; ROLLBACK`, ""},
			{`INSERT INTO docs (id, text) VALUES ('A', 'z') ON CONFLICT (id) DO UPDATE SET text = excluded.text`, "A"},
			{`DELETE FROM docs`, "A b c d"},
		}},
		"replace and ignore": {[]string{plain, rows}, sqlite.Table{}, []step{
			{`INSERT OR REPLACE INTO docs (id, text) VALUES ('a', '2')`, "a"},
			{`REPLACE INTO docs (id, text) VALUES ('a', '2')`, "a"},
			{`INSERT OR IGNORE INTO docs (id, text) VALUES ('a', '3'), ('d', '4')`, "d"},
			{`UPDATE OR REPLACE docs SET id = 'b' WHERE id = 'a'`, "a b"},
			{`UPDATE OR IGNORE docs SET id = 'c', text = 'lost' WHERE id = 'b'`, ""},
		}},
		"recursive triggers": {[]string{plain, rows, `PRAGMA recursive_triggers = ON`}, sqlite.Table{}, []step{
			{`INSERT OR REPLACE INTO docs (id, text) VALUES ('a', '2')`, "a"},
			{`UPDATE OR REPLACE docs SET id = 'b' WHERE id = 'a'`, "a b"},
		}},
		"replaced by another column": {[]string{
			`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, slug TEXT COLLATE NOCASE UNIQUE, x, y, UNIQUE (x, y))`,
			`INSERT INTO docs VALUES ('a', '1', 's', 1, 2), ('b', '2', 't', 1, 3), ('c', '3', NULL, NULL, 1), ('d', '4', NULL, NULL, 1)`,
		}, sqlite.Table{}, []step{
			{`INSERT OR REPLACE INTO docs VALUES ('e', '5', 'S', NULL, NULL)`, "a e"},
			{`UPDATE OR REPLACE docs SET x = 1, y = 3 WHERE id = 'c'`, "b"},
			{`INSERT OR REPLACE INTO docs VALUES ('f', '6', 's', 1, 3)`, "c e f"},
			{`UPDATE docs SET text = 'new' WHERE id = 'd'`, "d"},
		}},
		"replaced by number": {[]string{
			`CREATE TABLE docs (n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, text TEXT)`, `INSERT INTO docs VALUES (1, 'a', '1'), (2, 'b', '2')`,
		}, sqlite.Table{}, []step{
			{`INSERT OR REPLACE INTO docs VALUES (1, 'c', '3')`, "a c"},
			{`UPDATE OR REPLACE docs SET n = 1 WHERE id = 'b'`, "c"},
			{`INSERT INTO docs (id, text) VALUES ('d', '4')`, "d"},
		}},
		"ids that compare loosely": {[]string{
			`CREATE TABLE docs (id TEXT COLLATE NOCASE PRIMARY KEY, text TEXT COLLATE NOCASE)`, `INSERT INTO docs VALUES ('a', 'x')`,
		}, sqlite.Table{}, []step{
			{`UPDATE docs SET text = 'X'`, "a"},
			{`UPDATE docs SET id = 'A'`, "A a"},
			{`INSERT OR REPLACE INTO docs VALUES ('a', 'y')`, "A a"},
		}},
		"values that compare loosely": {
			[]string{`CREATE TABLE docs (id TEXT PRIMARY KEY, text, meta)`, `INSERT INTO docs VALUES ('a', 1, 1)`},
			sqlite.Table{Payload: "meta"},
			[]step{
				{`UPDATE docs SET text = 1.0`, "a"},
				{`UPDATE docs SET meta = '1'`, "a"},
				{`UPDATE docs SET meta = x'31'`, "a"},
				{`UPDATE docs SET meta = x'31'`, ""},
				{`UPDATE docs SET meta = NULL`, "a"},
			},
		},
		"numbers": {[]string{`CREATE TABLE docs (id INTEGER PRIMARY KEY, text TEXT)`, `INSERT INTO docs VALUES (7, '1')`}, sqlite.Table{}, []step{
			{`INSERT INTO docs (text) VALUES ('2')`, "8"},
			{`UPDATE docs SET id = -9223372036854775807 WHERE id = 7`, "-9223372036854775807 7"},
			{`INSERT OR REPLACE INTO docs VALUES (8, '3')`, "8"},
		}},
		"without rowid": {[]string{`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID`, `INSERT INTO docs VALUES ('a', '1')`}, sqlite.Table{}, []step{
			{`REPLACE INTO docs VALUES ('a', '2'), ('b', '3')`, "a b"}, {`DELETE FROM docs WHERE id = 'a'`, "a"},
		}},
		"a text that is computed": {[]string{
			`CREATE TABLE docs (id TEXT PRIMARY KEY, title TEXT, text TEXT GENERATED ALWAYS AS (upper(title)) VIRTUAL)`, `INSERT INTO docs (id, title) VALUES ('a', 'x')`,
		}, sqlite.Table{}, []step{{`UPDATE docs SET title = 'y'`, "a"}, {`UPDATE docs SET title = 'Y'`, ""}}},
		"a trigger of the application's": {[]string{
			plain, rows, `CREATE TRIGGER t AFTER UPDATE OF other ON docs BEGIN UPDATE docs SET text = NEW.other WHERE id = NEW.id; END`,
		}, sqlite.Table{}, []step{{`UPDATE docs SET other = 'x' WHERE id = 'b'`, "b"}}},
		"cascade": {[]string{
			`PRAGMA foreign_keys = ON`, `CREATE TABLE p (n INTEGER PRIMARY KEY)`, `INSERT INTO p VALUES (1), (2)`,
			`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, p REFERENCES p ON DELETE CASCADE)`, `INSERT INTO docs VALUES ('a', '1', 1), ('b', '2', 2)`,
		}, sqlite.Table{}, []step{{`DELETE FROM p WHERE n = 1`, "a"}}},
		"keys that are no ids": {[]string{`CREATE TABLE docs (id TEXT UNIQUE, text TEXT)`}, sqlite.Table{}, []step{
			{`INSERT INTO docs VALUES (NULL, '1'), (x'61', '2'), ('', '3'), ('a' || char(0) || 'b', '4'), ('ok', '5')`, "ok"},
			{`UPDATE docs SET id = 'now' WHERE id IS NULL`, "now"},
			{`UPDATE docs SET id = NULL WHERE id = 'ok'`, "ok"},
		}},
		"hostile names": {[]string{
			`CREATE TABLE "do""cs'; --" ("select" TEXT PRIMARY KEY, "t""t" TEXT, "OLD" TEXT, "u'" TEXT UNIQUE)`,
			`INSERT INTO "do""cs'; --" VALUES ('a', '1', '2', 'u')`,
		}, sqlite.Table{Name: `do"cs'; --`, Key: "select", Text: `t"t`, Payload: "OLD"}, []step{
			{`UPDATE "do""cs'; --" SET "OLD" = 'x'`, "a"},
			{`REPLACE INTO "do""cs'; --" VALUES ('b', '1', '2', 'u')`, "a b"},
		}},
		"names of the journal's own": {[]string{
			`CREATE TABLE docs (id TEXT PRIMARY KEY, mark TEXT, bytes TEXT UNIQUE, consumer TEXT)`, `INSERT INTO docs VALUES ('a', '1', '2', '3')`,
		}, sqlite.Table{Text: "mark", Payload: "consumer"}, []step{{`REPLACE INTO docs VALUES ('b', '1', '2', '3')`, "a b"}, {`UPDATE docs SET mark = '2'`, "b"}}},
		"a schema that is not trusted": {[]string{plain, rows, `PRAGMA trusted_schema = OFF`}, sqlite.Table{}, []step{{`UPDATE docs SET text = 'x' WHERE id = 'a'`, "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.table.Name == "" {
				c.table.Name = "docs"
			}
			tell, db := subscribed(t, c.table, c.setup...)
			db.SetMaxOpenConns(1)
			for _, s := range c.setup {
				if strings.HasPrefix(s, "PRAGMA") {
					run(t, db, s) // it is the connection's
				}
			}
			for _, s := range c.steps {
				run(t, db, s.statement)
				require.Equal(t, strings.Fields(s.want), told(t, tell), s.statement)
			}
		})
	}
}

// TestIgnoringStatementsMoveMarks: in a trigger SQLite takes the conflict clause
// of the application's statement. INSERT OR REPLACE in ours became OR IGNORE, the
// mark stayed, and the acknowledgement of an older text took the newer with it.
func TestIgnoringStatementsMoveMarks(t *testing.T) {
	t.Parallel()
	c, db := subscribed(t, sqlite.Table{Name: "docs"}, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)`, `INSERT INTO docs VALUES ('a', '0')`)
	for i, or := range []string{"", "OR IGNORE", "OR REPLACE", "OR FAIL", "OR ABORT", "OR ROLLBACK"} {
		run(t, db, fmt.Sprintf("UPDATE docs SET text = 'first %d'", i))
		before, err := c.Changes(t.Context(), "one", "", 10)
		require.NoError(t, err)
		run(t, db, fmt.Sprintf("UPDATE %s docs SET text = 'second %d'", or, i))
		require.NoError(t, c.Acknowledge(t.Context(), "one", before.Items))
		require.Equal(t, []string{"a"}, told(t, c), "UPDATE %s", or)
	}
}

// TestJournalLeavesNoTrace: without consumers there are no triggers, and an
// application's own functions tell it what they told it before.
func TestJournalLeavesNoTrace(t *testing.T) {
	t.Parallel()
	c, db := subscribed(t, sqlite.Table{Name: "docs"}, `CREATE TABLE docs (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, text TEXT)`)
	require.NoError(t, c.Subscribe(t.Context(), "two"))
	res, err := db.ExecContext(t.Context(), "INSERT INTO docs (id, text) VALUES ('a', '1'), ('b', '2')")
	require.NoError(t, err)
	last, err := res.LastInsertId()
	require.NoError(t, err)
	require.EqualValues(t, 2, last)
	changed, err := res.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 2, changed)
	count := func(query string) (n int) {
		require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&n))
		return n
	}
	const triggers = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'reembed_capture%'"
	require.Equal(t, 12, count(triggers))
	require.NoError(t, c.Unsubscribe(t.Context(), "one"))
	require.Equal(t, 6, count(triggers))
	require.NoError(t, c.Unsubscribe(t.Context(), "two"))
	require.Zero(t, count(triggers))
	require.Zero(t, count("SELECT (SELECT count(*) FROM reembed_changes) + (SELECT count(*) FROM reembed_consumers)"))
}

// TestBudgetIsExact: what is counted is what is there, and what is acknowledged
// makes room; one byte over, and triggers and rows are gone at the next look.
func TestBudgetIsExact(t *testing.T) {
	t.Parallel()
	const each = 64 + 2
	c, db := subscribed(t, sqlite.Table{Name: "docs", JournalMaxBytes: 10 * each}, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)`)
	for round := range 5 {
		for range 3 {
			for i := range 10 {
				run(t, db, "INSERT INTO docs VALUES (?, '0') ON CONFLICT DO UPDATE SET text = text + 1", string(rune('é'+i))) // 2 bytes, 1 character
			}
		}
		require.Len(t, told(t, c), 10, "round %d", round)
	}
	run(t, db, "INSERT INTO docs VALUES ('some longer id', '')")
	require.Equal(t, []string{"some longer id"}, told(t, c))
	for i := range 11 {
		run(t, db, "INSERT INTO docs VALUES (?, '')", fmt.Sprintf("%02d", i))
	}
	_, err := c.Changes(t.Context(), "one", "", 10)
	require.ErrorIs(t, err, backends.ErrChangesLost)
	require.ErrorContains(t, err, "journal_max_mb")
	var left int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM reembed_changes) + (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger')").Scan(&left))
	require.Zero(t, left)
	_, err = c.Changes(t.Context(), "one", "", 10)
	require.ErrorIs(t, err, backends.ErrChangesLost)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	run(t, db, "INSERT INTO docs VALUES ('x', '')")
	require.Equal(t, []string{"x"}, told(t, c))
}

func TestJournalRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup []string
		want  error
		says  string
	}{
		"a view":                   {[]string{`CREATE TABLE d (id TEXT PRIMARY KEY, text TEXT)`, `CREATE VIEW docs AS SELECT * FROM d`}, backends.ErrUnsupported, "view"},
		"no table":                 {nil, backends.ErrNotFound, "no such table"},
		"a partial unique index":   {[]string{`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, slug)`, `CREATE UNIQUE INDEX i ON docs (slug) WHERE text <> ''`}, backends.ErrUnsupported, "index i"},
		"an index of expressions":  {[]string{`CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, slug)`, `CREATE UNIQUE INDEX i ON docs (lower(slug))`}, backends.ErrUnsupported, "index i"},
		"a table of a text engine": {[]string{`CREATE VIRTUAL TABLE docs USING fts5 (id, text)`}, backends.ErrUnsupported, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, db := application(t, c.setup...)
			tell, ok := backends.As[backends.Capture](sourceOf(t, path, sqlite.Table{Name: "docs", Capture: sqlite.CaptureJournal}))
			require.True(t, ok)
			err := tell.Subscribe(t.Context(), "one")
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			var left int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM reembed_consumers) + (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger')").Scan(&left))
			require.Zero(t, left, "all or nothing")
		})
	}
}

// TestTablesMayBeAltered: an application's migrations go on while a job runs.
func TestTablesMayBeAltered(t *testing.T) {
	t.Parallel()
	c, db := subscribed(t, sqlite.Table{Name: "docs"}, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, other TEXT, slug TEXT UNIQUE)`)
	run(t, db, "ALTER TABLE docs ADD COLUMN more TEXT")
	run(t, db, "ALTER TABLE docs DROP COLUMN other")
	run(t, db, "INSERT INTO docs (id) VALUES ('a')")
	require.Equal(t, []string{"a"}, told(t, c), "nothing that the triggers need was touched")
	run(t, db, "ALTER TABLE docs RENAME COLUMN slug TO path")
	_, err := db.ExecContext(t.Context(), "ALTER TABLE docs DROP COLUMN text")
	require.ErrorContains(t, err, "reembed_capture", "as docs/sql.md says")
	run(t, db, "INSERT INTO docs (id) VALUES ('b')")
	if _, err := c.Changes(t.Context(), "one", "", 1); err != nil {
		require.ErrorIs(t, err, backends.ErrChangesLost)
		require.NoError(t, c.Subscribe(t.Context(), "one"))
	}
	run(t, db, "INSERT OR REPLACE INTO docs (id, path) VALUES ('c', 'x'), ('d', 'x')")
	ids := told(t, c)
	require.Subset(t, ids, []string{"c", "d"})
}
