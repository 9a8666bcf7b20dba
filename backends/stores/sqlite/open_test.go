package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path string, raw []byte) string {
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	for name, c := range map[string]struct {
		config func(t *testing.T, dir string) sqlite.Config
		want   error
		says   string
	}{
		"no path": {func(*testing.T, string) sqlite.Config { return sqlite.Config{} }, backends.ErrInvalidInput, "path is missing"},
		"memory":  {func(*testing.T, string) sqlite.Config { return sqlite.Config{Path: ":memory:"} }, backends.ErrInvalidInput, "driver memory"},
		"negative timeout": {func(_ *testing.T, dir string) sqlite.Config {
			return sqlite.Config{Path: dir + "/x.db", BusyTimeout: -1}
		}, backends.ErrInvalidInput, "busy timeout"},
		"no folder": {func(_ *testing.T, dir string) sqlite.Config { return sqlite.Config{Path: dir + "/none/x.db"} }, backends.ErrNotFound, "create it"},
		"a folder":  {func(_ *testing.T, dir string) sqlite.Config { return sqlite.Config{Path: dir} }, backends.ErrUnauthorized, "can't be opened"},
		"no database": {func(t *testing.T, dir string) sqlite.Config {
			return sqlite.Config{Path: write(t, dir+"/x.db", []byte(strings.Repeat("this is a diary, not a database\n", 100)))}
		}, backends.ErrDamaged, "not an SQLite database"},
		"read-only, no file": {func(_ *testing.T, dir string) sqlite.Config {
			return sqlite.Config{Path: dir + "/x.db", ReadOnly: true}
		}, backends.ErrNotFound, "no such file"},
		"read-only, nothing of ours": {func(t *testing.T, _ string) sqlite.Config {
			path, _ := application(t, "CREATE TABLE docs (id TEXT PRIMARY KEY)")
			return sqlite.Config{Path: path, ReadOnly: true}
		}, backends.ErrNotFound, "nothing of reembed"},
		"a newer schema": {func(t *testing.T, _ string) sqlite.Config {
			path, _ := application(t, "CREATE TABLE reembed_schema (version INTEGER)", "INSERT INTO reembed_schema VALUES (3)")
			return sqlite.Config{Path: path}
		}, backends.ErrUnsupported, "schema 3, this one knows 2"},
		"UTF-16": {func(t *testing.T, _ string) sqlite.Config {
			path, _ := application(t, "PRAGMA encoding = 'UTF-16'; CREATE TABLE docs (id TEXT PRIMARY KEY)")
			return sqlite.Config{Path: path}
		}, backends.ErrUnsupported, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := c.config(t, t.TempDir())
			_, err := sqlite.Open(t.Context(), config)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, config.Path)
		})
	}
}

func TestPathsOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a?b.db", "a#b.db", "a%41.db", "a&mode=ro.db", "ü.db", "a;b.db", "'.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := openStore(t, path)
		require.NoError(t, s.Index("ns").Ping(t.Context()))
		_, err := os.Stat(path)
		require.NoError(t, err, "%q is the file's name", name)
	}
}

// TestOpenRaces opens a new file from many sides at once.
func TestOpenRaces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	errs := make([]error, 10)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			if err == nil {
				_, err = s.Registry().Put(t.Context(), "kind", string(rune('a'+i)), 0, []byte("{}"))
			}
			if err == nil {
				err = s.Close()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	entries, err := openStore(t, path).Registry().List(t.Context(), "kind", "", "", 100)
	require.NoError(t, err)
	require.Len(t, entries, len(errs))
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	w := openStore(t, path)
	docs, err := w.Source(sqlite.Table{Name: "docs"})
	require.NoError(t, err)
	require.NoError(t, docs.PutItems(t.Context(), []backends.Item{{ID: "a", Text: "1"}}))
	r, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, ReadOnly: true})
	require.NoError(t, err)
	defer r.Close()
	read, err := r.Source(sqlite.Table{Name: "docs"})
	require.NoError(t, err)
	require.Len(t, sweep(t, read, 10), 1)
	require.NoError(t, docs.PutItems(t.Context(), []backends.Item{{ID: "b", Text: "2"}}))
	require.Len(t, sweep(t, read, 10), 2, "it sees what others write")
	require.ErrorIs(t, read.DeleteItems(t.Context(), []string{"a"}), backends.ErrUnauthorized)
	_, err = r.Registry().Put(t.Context(), "k", "k", 0, []byte("{}"))
	require.ErrorIs(t, err, backends.ErrUnauthorized)
}

func TestBusyAndClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, BusyTimeout: time.Millisecond})
	require.NoError(t, err)
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	require.NoError(t, err)
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = s.Registry().Put(t.Context(), "kind", "key", 0, []byte("{}"))
	require.ErrorIs(t, err, backends.ErrUnavailable, "another process holds the lock")
	require.ErrorContains(t, err, path)
	_, err = s.Registry().Get(t.Context(), "kind", "key")
	require.ErrorIs(t, err, backends.ErrNotFound, "readers don't wait")
	require.NoError(t, tx.Rollback())
	_, err = s.Registry().Put(t.Context(), "kind", "key", 0, []byte("{}"))
	require.NoError(t, err)

	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "idempotent")
	_, err = s.Registry().Get(t.Context(), "kind", "key")
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorIs(t, s.Registry().Delete(t.Context(), "kind", "key", 1), backends.ErrUnavailable)
	require.ErrorIs(t, s.Index("ns").Ping(t.Context()), backends.ErrUnavailable)
}

// TestReplacedFileIsNoticed guards against work that nobody sees: connections go
// on with a file that was removed, or replaced by a restored backup, and a job on
// it was COMPLETED.
func TestReplacedFileIsNoticed(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"replaced": func(t *testing.T, path string) {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".backup", raw, 0o600))
			require.NoError(t, os.Rename(path+".backup", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			s := openStore(t, path)
			docs, err := s.Source(sqlite.Table{Name: "docs"})
			require.NoError(t, err)
			require.NoError(t, docs.PutItems(t.Context(), []backends.Item{{ID: "a", Text: "1"}}))
			require.NoError(t, docs.Ping(t.Context()))
			require.NoError(t, s.Registry().Ping(t.Context()))

			replace(t, path)
			_, err = s.Registry().Put(t.Context(), "kind", "key", 0, []byte("{}"))
			require.ErrorIs(t, err, backends.ErrUnavailable)
			require.ErrorContains(t, err, "removed or replaced")
			require.ErrorIs(t, docs.PutItems(t.Context(), []backends.Item{{ID: "b", Text: "2"}}), backends.ErrUnavailable)
			require.ErrorIs(t, docs.Ping(t.Context()), backends.ErrUnavailable)
			require.ErrorIs(t, s.Registry().Ping(t.Context()), backends.ErrUnavailable)
			require.NoFileExists(t, path+".backup")
		})
	}
}

// TestDamage overwrites the middle of the file: the error says so, and is not
// taken for something that passes.
func TestDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s := openStore(t, path)
	docs, err := s.Source(sqlite.Table{Name: "docs"})
	require.NoError(t, err)
	var items []backends.Item
	for i := range 500 {
		items = append(items, backends.Item{ID: strings.Repeat("k", i+1), Text: strings.Repeat("t", 500)})
	}
	require.NoError(t, docs.PutItems(t.Context(), items))
	require.NoError(t, s.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := len(raw) / 3; i < len(raw)*9/10; i++ {
		raw[i] = 0xa5
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	docs, err = openStore(t, path).Source(sqlite.Table{Name: "docs"})
	require.NoError(t, err)
	_, err = docs.ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 1000})
	require.ErrorContains(t, err, "damaged: restore a backup")
	require.ErrorIs(t, err, backends.ErrDamaged)
}
