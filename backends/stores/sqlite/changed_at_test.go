package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// timed is a table with a column of times, and what tells its changes.
func timed(t *testing.T, path string, overlap time.Duration) backends.Capture {
	t.Helper()
	c, ok := backends.As[backends.Capture](sourceOf(t, path, sqlite.Table{Name: "docs", ChangedAt: "at", Overlap: overlap}))
	require.True(t, ok)
	return c
}

func changedIDs(t *testing.T, c backends.Capture) []string {
	t.Helper()
	page, err := c.Changes(t.Context(), "one", "", 100)
	require.NoError(t, err)
	ids := []string{}
	for _, change := range page.Items {
		ids = append(ids, change.ID)
	}
	return ids
}

const timedTable = `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, at)`

// TestTimesThatAreTaken: in every form, one row in one second before and one behind
// are told apart, and what is committed late is noticed within the overlap.
func TestTimesThatAreTaken(t *testing.T) {
	t.Parallel()
	for name, at := range map[string][4]any{ // long ago, the last, in the overlap, before it
		"seconds":      {1_600_000_000, 1_700_000_000, 1_699_999_995, 1_699_999_980},
		"milliseconds": {1_600_000_000_000, 1_700_000_000_000, 1_699_999_991_000, 1_699_999_980_000},
		"text":         {"2020-01-01 00:00:00", "2024-03-01 00:00:03", "2024-02-29 23:59:55", "2024-02-29 23:59:40"},
		"fractions":    {"2020-01-01 00:00:00.5", "2024-03-01 00:00:03.001", "2024-02-29 23:59:55.999", "2024-02-29 23:59:40"},
		"ISO":          {"2020-01-01T00:00:00Z", "2024-03-01T00:00:03Z", "2024-02-29T23:59:55.5Z", "2024-02-29T23:59:40Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, db := application(t, timedTable)
			run(t, db, "INSERT INTO docs VALUES ('old', 'x', ?), ('last', 'x', ?)", at[0], at[1])
			c := timed(t, path, 10*time.Second)
			require.NoError(t, c.Subscribe(t.Context(), "one"))
			require.Equal(t, []string{"last"}, changedIDs(t, c))
			page, err := c.Changes(t.Context(), "one", "", 10)
			require.NoError(t, err)
			require.NoError(t, c.Acknowledge(t.Context(), "one", page.Items))
			run(t, db, "INSERT INTO docs VALUES ('late', 'x', ?), ('too late', 'x', ?)", at[2], at[3])
			require.Equal(t, []string{"late"}, changedIDs(t, c), "committed late")
			run(t, db, "UPDATE docs SET text = 'y' WHERE id = 'last'")
			require.Equal(t, []string{"late", "last"}, changedIDs(t, c), "two changes at one time are two")
		})
	}
}

func TestTimesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]string{
		"NULL":          "(NULL), (1700000000)",
		"REAL":          "(1700000000.5)",
		"BLOB":          "(x'00'), (1700000000)",
		"offset":        "('2024-03-01T00:00:03+02:00')",
		"a day":         "('2024-03-01')",
		"no time":       "('yesterday')",
		"no such day":   "('2024-02-30 00:00:00')",
		"a slash":       "('2024/03/01 00:00:00')",
		"digits":        "('1700000000')",
		"empty":         "('')",
		"mixed kinds":   "(1700000000), ('2024-03-01 00:00:03')",
		"mixed units":   "(1700000000), (1700000001000)",
		"mixed texts":   "('2024-03-01 08:00:00'), ('2024-03-01T10:00:00Z')",
		"another place": "('2024-03-01 00:00:03 CET')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := application(t, `CREATE TABLE docs (id INTEGER PRIMARY KEY, text TEXT DEFAULT '', at)`, "INSERT INTO docs (at) VALUES "+values)
			c := timed(t, path, 0)
			err := c.Subscribe(t.Context(), "one")
			require.ErrorIs(t, err, backends.ErrUnsupported)
			require.ErrorContains(t, err, `column "at"`)
			require.ErrorContains(t, err, "2026-11-24 15:39:14")
			note, err := c.(interface {
				CheckCapture(ctx context.Context) (string, error)
			}).CheckCapture(t.Context())
			require.ErrorIs(t, err, backends.ErrUnsupported)
			require.Empty(t, note)
		})
	}
}

// TestTimeThatTurnsBad: a row without a time would never be noticed.
func TestTimeThatTurnsBad(t *testing.T) {
	t.Parallel()
	path, db := application(t, timedTable)
	c := timed(t, path, 0)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	run(t, db, "INSERT INTO docs VALUES ('a', 'x', NULL)")
	_, err := c.Changes(t.Context(), "one", "", 10)
	require.ErrorIs(t, err, backends.ErrUnsupported)
	run(t, db, "UPDATE docs SET at = unixepoch()")
	require.Equal(t, []string{"a"}, changedIDs(t, c))
}

// TestTimeOfTheFarFuture hid all that changed until then.
func TestTimeOfTheFarFuture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ far, now string }{
		"seconds":      {"4000000000", "unixepoch()"},
		"milliseconds": {"4000000000000", "1000 * unixepoch()"},
		"text":         {"'2099-01-01 00:00:00'", "datetime()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, db := application(t, timedTable, "INSERT INTO docs VALUES ('future', 'x', "+c.far+")")
			tell := timed(t, path, time.Minute)
			require.NoError(t, tell.Subscribe(t.Context(), "one"))
			for round := range 3 {
				page, err := tell.Changes(t.Context(), "one", "", 10)
				require.NoError(t, err)
				require.NoError(t, tell.Acknowledge(t.Context(), "one", page.Items))
				require.Empty(t, changedIDs(t, tell), "round %d", round)
				run(t, db, "INSERT INTO docs VALUES (?, 'x', "+c.now+")", round)
				require.Len(t, changedIDs(t, tell), 1)
			}
		})
	}
}

// TestMarksAreForgotten: what is kept of acknowledged items is bounded by the overlap.
func TestMarksAreForgotten(t *testing.T) {
	t.Parallel()
	path, db := application(t, timedTable)
	c := timed(t, path, 10*time.Second)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	for i := range 50 {
		run(t, db, "INSERT INTO docs VALUES (?, 'x', ?)", i, 1_700_000_000+5*i)
		page, err := c.Changes(t.Context(), "one", "", 10)
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.NoError(t, c.Acknowledge(t.Context(), "one", page.Items))
	}
	var kept int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM reembed_seen").Scan(&kept))
	require.LessOrEqual(t, kept, 4)
	require.NoError(t, c.Unsubscribe(t.Context(), "one"))
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM reembed_seen").Scan(&kept))
	require.Zero(t, kept)
}

// TestConsumerOfOtherColumns: a catalog that names another column, or another
// way, asks for changes that nobody kept.
func TestConsumerOfOtherColumns(t *testing.T) {
	t.Parallel()
	path, _ := application(t, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT, body TEXT, at DEFAULT 1, at2 DEFAULT 1)`)
	tables := []sqlite.Table{
		{ChangedAt: "at"},
		{ChangedAt: "at2"},
		{ChangedAt: "at", Text: "body"},
		{Capture: sqlite.CaptureJournal},
		{Capture: sqlite.CaptureJournal, Text: "body"},
		{Capture: sqlite.CaptureJournal, Payload: "body"},
	}
	for i, table := range tables {
		table.Name = "docs"
		c, ok := backends.As[backends.Capture](sourceOf(t, path, table))
		require.True(t, ok)
		if i > 0 {
			_, err := c.Changes(t.Context(), "one", "", 1)
			require.ErrorIs(t, err, backends.ErrChangesLost, "%+v", table)
		}
		require.NoError(t, c.Subscribe(t.Context(), "one"))
		_, err := c.Changes(t.Context(), "one", "", 1)
		require.NoError(t, err, "%+v", table)
		list, err := c.Consumers(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
	}
}

func TestCaptureOfTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		table sqlite.Table
		kind  backends.CaptureKind
		says  string
	}{
		{sqlite.Table{}, "", ""},
		{sqlite.Table{Capture: sqlite.CaptureNone}, "", ""},
		{sqlite.Table{Capture: sqlite.CaptureJournal}, backends.CaptureJournal, ""},
		{sqlite.Table{ChangedAt: "at"}, backends.CaptureChangedAt, ""},
		{sqlite.Table{Capture: sqlite.CaptureChangedAt, ChangedAt: "at"}, backends.CaptureChangedAt, ""},
		{sqlite.Table{Capture: sqlite.CaptureChangedAt}, "", "name its column"},
		{sqlite.Table{Capture: sqlite.CaptureJournal, ChangedAt: "at"}, "", `column "at"`},
		{sqlite.Table{Capture: "triggers"}, "", "none of none, journal, changed_at"},
		{sqlite.Table{ChangedAt: "TEXT"}, "", "same column"},
		{sqlite.Table{ChangedAt: "at", Overlap: -1}, "", "negative"},
		{sqlite.Table{JournalMaxBytes: -1}, "", "journal of -1 bytes"},
	} {
		c.table.Name = "docs"
		s, err := openStore(t, filepath.Join(t.TempDir(), "store.db")).Source(c.table)
		if c.says != "" {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.ErrorContains(t, err, c.says)
			continue
		}
		require.NoError(t, err)
		capture, ok := backends.As[backends.Capture](s)
		require.Equal(t, c.kind != "", ok, "%+v", c.table)
		if ok {
			require.Equal(t, backends.CaptureTraits{Kind: c.kind, Deletes: c.kind == backends.CaptureJournal}, capture.CaptureTraits())
		}
	}
}

func TestCheckCapture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup string
		table sqlite.Table
		note  string
		want  error
	}{
		"a journal":            {timedTable, sqlite.Table{Capture: sqlite.CaptureJournal}, "", nil},
		"a journal of a view":  {`CREATE VIEW docs AS SELECT 'a' AS id, 'x' AS text`, sqlite.Table{Capture: sqlite.CaptureJournal}, "", backends.ErrUnsupported},
		"a journal of no rows": {`CREATE VIRTUAL TABLE docs USING fts5 (id, text)`, sqlite.Table{Capture: sqlite.CaptureJournal}, "", backends.ErrUnsupported},
		"no index":             {timedTable, sqlite.Table{ChangedAt: "at"}, "CREATE INDEX", nil},
		"an index":             {timedTable + `; CREATE INDEX i ON docs (at)`, sqlite.Table{ChangedAt: "at"}, "", nil},
		"no column":            {timedTable, sqlite.Table{ChangedAt: "updated"}, "", backends.ErrNotFound},
		"no table":             {`SELECT 1`, sqlite.Table{ChangedAt: "at"}, "", backends.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, db := application(t, c.setup)
			c.table.Name = "docs"
			able, ok := backends.As[interface {
				CheckCapture(ctx context.Context) (string, error)
			}](sourceOf(t, path, c.table))
			require.True(t, ok)
			note, err := able.CheckCapture(t.Context())
			require.ErrorIs(t, err, c.want)
			require.Contains(t, note, c.note)
			require.Equal(t, c.note == "", note == "")
			var left int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").Scan(&left))
			require.Zero(t, left, "a check changes nothing")
		})
	}
}
