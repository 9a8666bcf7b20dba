package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// application is a database as an application sees it, beside the store.
func application(t *testing.T, statements ...string) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "app.db")
	db = openRaw(t, path)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
	return path, db
}

// openRaw opens a file without the store.
func openRaw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func sourceOf(t *testing.T, path string, table sqlite.Table) *sqlite.Source {
	t.Helper()
	s, err := openStore(t, path).Source(table)
	require.NoError(t, err)
	return s
}

func sweep(t *testing.T, s backends.Source, size int) []backends.Item {
	t.Helper()
	var all []backends.Item
	var after backends.Cursor
	for {
		page, err := s.ReadPage(t.Context(), backends.Range{}, after, backends.PageLimit{Items: size})
		require.NoError(t, err)
		all = append(all, page.Items...)
		if page.Done {
			return all
		}
		require.NotEmpty(t, page.Items)
		after = page.Next
	}
}

func ids(items []backends.Item) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = item.ID
	}
	return out
}

func TestIntegerKeys(t *testing.T) {
	t.Parallel()
	for _, declared := range []string{"INTEGER PRIMARY KEY", "INT UNIQUE", "BIGINT NOT NULL UNIQUE", "NUMERIC UNIQUE"} {
		t.Run(declared, func(t *testing.T) {
			t.Parallel()
			path, _ := application(t, "CREATE TABLE docs (id "+declared+", body TEXT)",
				"INSERT INTO docs VALUES (9, 'nine'), (10, 'ten'), (-1, 'minus'), (100, 'hundred'), (2, 'two'), (9223372036854775807, 'max')")
			s := sourceOf(t, path, sqlite.Table{Name: "docs", Text: "body"})
			require.NoError(t, s.Ping(t.Context()))
			want := []string{"-1", "2", "9", "10", "100", "9223372036854775807"}
			for size := 1; size < 8; size++ {
				require.Equal(t, want, ids(sweep(t, s, size)), "in the order of numbers, pages of %d", size)
			}
			keys, err := s.Split(t.Context(), "", 2, 10)
			require.NoError(t, err)
			require.Equal(t, []backends.Key{"9", "100"}, keys)
			items, err := s.Lookup(t.Context(), []string{"10", "010", "1e1", "10.0", " 2", "-1", "x"})
			require.NoError(t, err)
			require.ElementsMatch(t, []string{"10", "-1"}, ids(items), "another spelling is another id")
			require.NoError(t, s.PutItems(t.Context(), []backends.Item{{ID: "10", Text: "TEN"}, {ID: "11", Text: "eleven"}}))
			for _, id := range []string{"007", "1.0", "1e3", "+1", " 1"} {
				err := s.PutItems(t.Context(), []backends.Item{{ID: "12", Text: "twelve"}, {ID: id}})
				require.ErrorIs(t, err, backends.ErrInvalidInput, "%q would become another id", id)
			}
			require.NoError(t, s.DeleteItems(t.Context(), []string{"9", "100"}))
			require.Equal(t, []string{"-1", "2", "10", "11", "9223372036854775807"}, ids(sweep(t, s, 2)))
		})
	}
}

func TestTablesOfApplications(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		create string
		table  sqlite.Table
	}{
		"without rowid":   {`CREATE TABLE docs (k VARCHAR(20) PRIMARY KEY, t CLOB, extra NOT NULL DEFAULT 1) WITHOUT ROWID`, sqlite.Table{Name: "docs", Key: "k", Text: "t"}},
		"unique index":    {`CREATE TABLE docs (n INTEGER PRIMARY KEY, k TEXT, t TEXT); CREATE UNIQUE INDEX i ON docs (k)`, sqlite.Table{Name: "docs", Key: "k", Text: "t"}},
		"any case":        {`CREATE TABLE Docs (K TEXT PRIMARY KEY, T TEXT)`, sqlite.Table{Name: "dOCS", Key: "k", Text: "t"}},
		"quoted names":    {`CREATE TABLE "a ""b"" [c]" ("select" TEXT PRIMARY KEY, "t""t" TEXT)`, sqlite.Table{Name: `a "b" [c]`, Key: "select", Text: `t"t`}},
		"loose collation": {`CREATE TABLE docs (k TEXT COLLATE NOCASE PRIMARY KEY, t TEXT)`, sqlite.Table{Name: "docs", Key: "k", Text: "t"}},
		"uuid":            {`CREATE TABLE docs (k UUID PRIMARY KEY, t TEXT)`, sqlite.Table{Name: "docs", Key: "k", Text: "t"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := application(t, c.create)
			s := sourceOf(t, path, c.table)
			require.NoError(t, s.PutItems(t.Context(), []backends.Item{{ID: "b", Text: "1"}, {ID: "C", Text: "2"}, {ID: "a", Text: "3"}}))
			require.NoError(t, s.Ping(t.Context()))
			require.ElementsMatch(t, []string{"a", "b", "C"}, ids(sweep(t, s, 1)))
			items, err := s.Lookup(t.Context(), []string{"A", "B", "C"})
			require.NoError(t, err)
			require.Equal(t, []string{"C"}, ids(items), "an id is its bytes, however the column compares")
		})
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	path, _ := application(t, "CREATE TABLE raw (n INTEGER PRIMARY KEY, k TEXT UNIQUE, a TEXT, b TEXT)",
		"CREATE VIEW docs AS SELECT k AS id, a || ' ' || b AS text FROM raw", "INSERT INTO raw (k, a, b) VALUES ('x', '1', '2'), ('y', '3', '4')")
	s := sourceOf(t, path, sqlite.Table{Name: "docs"})
	require.NoError(t, s.Ping(t.Context()))
	require.Equal(t, []backends.Item{{ID: "x", Text: "1 2"}, {ID: "y", Text: "3 4"}}, sweep(t, s, 1))
}

func TestTablesRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		create string
		want   error
		says   string
	}{
		"no table":       {"CREATE TABLE other (id TEXT PRIMARY KEY)", backends.ErrNotFound, "no such table"},
		"no key":         {"CREATE TABLE docs (key TEXT PRIMARY KEY, text TEXT)", backends.ErrNotFound, `no column "id"; it has key, text`},
		"no text":        {"CREATE TABLE docs (id TEXT PRIMARY KEY, body TEXT)", backends.ErrNotFound, `no column "text"`},
		"key may repeat": {"CREATE TABLE docs (id TEXT, text TEXT)", backends.ErrUnsupported, "CREATE UNIQUE INDEX"},
		"part of a key":  {"CREATE TABLE docs (id TEXT, lang TEXT, text TEXT, PRIMARY KEY (id, lang))", backends.ErrUnsupported, "CREATE UNIQUE INDEX"},
		"partial index":  {"CREATE TABLE docs (id TEXT, text TEXT); CREATE UNIQUE INDEX i ON docs (id) WHERE text <> ''", backends.ErrUnsupported, "CREATE UNIQUE INDEX"},
		"plain index":    {"CREATE TABLE docs (id TEXT, text TEXT); CREATE INDEX i ON docs (id)", backends.ErrUnsupported, "CREATE UNIQUE INDEX"},
		"strict index of a loose key": {
			"CREATE TABLE docs (id TEXT COLLATE NOCASE, text TEXT); CREATE UNIQUE INDEX i ON docs (id COLLATE BINARY); " +
				"INSERT INTO docs VALUES ('a', ''), ('A', ''), ('b', ''), ('B', '')", // a sweep by pages of one found two of them
			backends.ErrUnsupported, "CREATE UNIQUE INDEX",
		},
		"BLOB key":         {"CREATE TABLE docs (id BLOB PRIMARY KEY, text TEXT)", backends.ErrUnsupported, "TEXT or INTEGER"},
		"key without type": {"CREATE TABLE docs (id PRIMARY KEY, text TEXT)", backends.ErrUnsupported, "TEXT or INTEGER"},
		"key of reals":     {"CREATE TABLE docs (id REAL PRIMARY KEY, text TEXT)", backends.ErrUnsupported, "TEXT or INTEGER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := application(t, c.create)
			s := sourceOf(t, path, sqlite.Table{Name: "docs"})
			_, readErr := s.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 1})
			_, splitErr := s.Split(t.Context(), "", 1, 1)
			for _, err := range []error{s.Ping(t.Context()), readErr, splitErr} {
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}

// TestKeysWithoutID: such a row can't be an item, and must not be left out in silence.
func TestKeysWithoutID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, finds string }{
		"NULL":      {"NULL", `SELECT * FROM "docs" WHERE "id" IS NULL`},
		"BLOB":      {"x'6162'", `SELECT * FROM "docs" WHERE typeof("id") = 'blob'`},
		"empty":     {"''", `SELECT * FROM "docs" WHERE "id" = ''`},
		"not UTF-8": {"CAST(x'7aff' AS TEXT)", `SELECT * FROM "docs" WHERE "id" = CAST(x'7aff' AS TEXT)`},
		"NUL":       {"CAST(x'7a0061' AS TEXT)", `SELECT * FROM "docs" WHERE "id" = CAST(x'7a0061' AS TEXT)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, db := application(t, "CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)",
				"INSERT INTO docs VALUES ('m', 'sound'), ("+c.value+", 'text that must not be quoted')")
			s := sourceOf(t, path, sqlite.Table{Name: "docs"})
			_, err := s.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
			for _, err := range []error{s.Ping(t.Context()), err} {
				require.ErrorIs(t, err, backends.ErrInvalidInput)
				require.ErrorContains(t, err, c.finds)
				require.NotContains(t, err.Error(), "quoted")
			}
			var id any
			var text string
			require.NoError(t, db.QueryRowContext(t.Context(), c.finds).Scan(&id, &text))
			require.Contains(t, text, "quoted", "the statement finds the row")
		})
	}
}

func TestDefects(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", backends.MaxIDBytes+1)
	path, _ := application(t, "CREATE TABLE docs (id TEXT PRIMARY KEY, text, day DATE)",
		"INSERT INTO docs VALUES ('a', NULL, NULL), ('b', x'6162', '2026-11-24'), ('c', CAST(x'61ff' AS TEXT), 12), ('d', 42, x'00ff'), ('e', '', ''), ('f', CAST(x'610062' AS TEXT), 1.5)",
		"INSERT INTO docs VALUES ('"+long+"', 'sound', NULL)")
	items := sweep(t, sourceOf(t, path, sqlite.Table{Name: "docs", Payload: "day"}), 2)
	require.Equal(t, []backends.Item{
		{ID: "a", Defect: "the text is NULL"},
		{ID: "b", Defect: "the text is a BLOB", Payload: []byte("2026-11-24")},
		{ID: "c", Defect: "the text is not UTF-8", Payload: []byte("12")},
		{ID: "d", Text: "42", Payload: []byte{0, 0xff}},
		{ID: "e", Payload: []byte{}},
		{ID: "f", Text: "a\x00b", Payload: []byte("1.5")},
		{ID: long, Defect: "the id has 1025 bytes, at most 1024"},
	}, items)
}

func TestPutItemsIntoAnApplicationsTable(t *testing.T) {
	t.Parallel()
	path, db := application(t, "CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT CHECK (text <> 'bad'), seen INTEGER DEFAULT 7)")
	s := sourceOf(t, path, sqlite.Table{Name: "docs"})
	require.NoError(t, s.PutItems(t.Context(), []backends.Item{{ID: "a", Text: "1"}}))
	err := s.PutItems(t.Context(), []backends.Item{{ID: "b", Text: "2"}, {ID: "a", Text: "3"}, {ID: "c", Text: "bad"}})
	require.ErrorIs(t, err, backends.ErrInvalidInput, "the database refuses the third")
	require.Equal(t, []backends.Item{{ID: "a", Text: "1"}}, sweep(t, s, 10), "all or none")
	require.ErrorIs(t, s.PutItems(t.Context(), []backends.Item{{ID: "b", Payload: []byte("{}")}}), backends.ErrUnsupported, "there is no column for it")
	require.ErrorIs(t, s.PutItems(t.Context(), []backends.Item{{ID: "b", Text: "\xff"}}), backends.ErrInvalidInput)
	_, err = db.ExecContext(t.Context(), "UPDATE docs SET seen = 8")
	require.NoError(t, err)
	require.NoError(t, s.PutItems(t.Context(), []backends.Item{{ID: "a", Text: "4"}}))
	var seen int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT seen FROM docs").Scan(&seen))
	require.Equal(t, 8, seen, "the application's other columns stay")
}

func TestTableValidate(t *testing.T) {
	t.Parallel()
	for says, table := range map[string]sqlite.Table{
		"table is missing":     {},
		`"reembed_x"`:          {Name: "reembed_x"},
		`"Sqlite_master"`:      {Name: "Sqlite_master"},
		"key and text are":     {Name: "docs", Key: "a", Text: "A"},
		"text and payload are": {Name: "docs", Payload: "text"},
		"key is not a name":    {Name: "docs", Key: "a\x00b"},
		"table is not a name":  {Name: "\xff"},
	} {
		_, err := openStore(t, filepath.Join(t.TempDir(), "x.db")).Source(table)
		require.ErrorIs(t, err, backends.ErrInvalidInput)
		require.ErrorContains(t, err, says)
	}
}
