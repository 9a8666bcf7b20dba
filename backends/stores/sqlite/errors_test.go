package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// TestMeaning makes SQLite itself fail, and reads what is made of it.
func TestMeaning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare, query string
		want           error
		says           string
	}{
		"full":       {"PRAGMA max_page_count = 2", "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)", backends.ErrUnavailable, "make room"},
		"read-only":  {"PRAGMA query_only = 1", "CREATE TABLE a (x)", backends.ErrUnauthorized, "owner and mode"},
		"constraint": {"CREATE TABLE a (x NOT NULL)", "INSERT INTO a VALUES (NULL)", backends.ErrInvalidInput, "refuses the value"},
		"mismatch":   {"CREATE TABLE a (x INTEGER PRIMARY KEY)", "INSERT INTO a VALUES ('x')", backends.ErrInvalidInput, "refuses the value"},
		"too big":    {"SELECT 1", "SELECT zeroblob(2000000000)", backends.ErrInvalidInput, "refuses the value"},
		"no table":   {"SELECT 1", "SELECT * FROM a", backends.ErrNotFound, "does not exist"},
		"no column":  {"CREATE TABLE a (x)", "SELECT y FROM a", backends.ErrUnsupported, "no such column"},
		"own table":  {"SELECT 1", "SELECT * FROM reembed_registry", backends.ErrDamaged, "restore a backup"},
		"generation": {"SELECT 1", "SELECT * FROM reembed_docs_0123456789abcdef", backends.ErrNotFound, "does not exist"},
		"bad SQL":    {"SELECT 1", "SELEKT", backends.ErrUnsupported, "refuses the statement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Store{config: Config{Path: filepath.Join(t.TempDir(), "x.db")}}
			db := sql.OpenDB(connector{s.config.WithDefaults().dsn(false)})
			defer db.Close()
			db.SetMaxOpenConns(1)
			_, err := db.ExecContext(t.Context(), c.prepare)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), c.query)
			require.Error(t, err)
			got := s.translate(err)
			require.ErrorIs(t, got, err, "the cause is kept")
			require.ErrorContains(t, got, c.says)
			require.ErrorContains(t, got, s.config.Path)
			require.Equal(t, got, s.translate(got), "once is enough")
			require.ErrorIs(t, got, c.want)
		})
	}
	s := &Store{}
	require.NoError(t, s.translate(nil))
	other := errors.New("other")
	require.Equal(t, other, s.translate(other))
}
