package sqlite

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// A page begins at its cursor. When SQLite searched for the range's beginning
// instead, a sweep of a range took the square of its length.
func TestPagesBeginAtTheirCursor(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, declared := range map[string]string{"texts": "TEXT NOT NULL PRIMARY KEY", "rowids": "INTEGER PRIMARY KEY", "integers": "INT UNIQUE"} {
		_, err := s.writer.ExecContext(t.Context(), "CREATE TABLE "+name+" (id "+declared+", text TEXT)")
		require.NoError(t, err)
		k := keys{table: name, column: quote("id")}
		where, args := k.within(backends.Range{From: "1", To: "9"}, "5")
		var program []string
		err = s.rows(t.Context(), "EXPLAIN SELECT id, text FROM "+name+where+" ORDER BY id LIMIT 10", args, func(rows *sql.Rows) error {
			columns := make([]any, 8)
			for i := range columns {
				columns[i] = new(any)
			}
			err := rows.Scan(columns...)
			program = append(program, (*columns[1].(*any)).(string))
			return err
		})
		require.NoError(t, err)
		require.Contains(t, program, "SeekGT", name)
		require.False(t, slices.Contains(program, "SeekGE"), name)
	}
}

func TestCursorFromBeforeTheRange(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	source, err := s.Source(Table{Name: "docs"})
	require.NoError(t, err)
	require.NoError(t, source.PutItems(t.Context(), []backends.Item{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}))
	for after, want := range map[backends.Cursor][]string{"": {"b", "c"}, "a": {"b", "c"}, "b": {"c"}, "c": nil} {
		page, err := source.ReadPage(t.Context(), backends.Range{From: "b", To: "d"}, after, backends.PageLimit{Items: 10})
		require.NoError(t, err)
		var ids []string
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		require.Equal(t, want, ids, after)
	}
}
