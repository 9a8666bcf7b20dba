package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

func sources() backendtest.Harness[backends.Source] {
	return harness(func(t *testing.T, s *sqlite.Store, name string) backends.Source {
		src, err := s.Source(sqlite.Table{Name: name, Payload: "payload"})
		require.NoError(t, err)
		return src
	})
}

func indexes() backendtest.Harness[backends.Index] {
	h := harness(func(_ *testing.T, s *sqlite.Store, name string) backends.Index { return s.Index(name) })
	h.Publishing = func(x backends.Index, name string) backends.Index { return x.(*sqlite.Index).PublishedAs(name) }
	return h
}

func registries() backendtest.Harness[backends.Registry] {
	return harness(func(_ *testing.T, s *sqlite.Store, _ string) backends.Registry { return s.Registry() })
}

func TestSource(t *testing.T) {
	t.Parallel()
	backendtest.Source(t, sources())
}

func TestIndex(t *testing.T) {
	t.Parallel()
	backendtest.Index(t, indexes())
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	backendtest.Registry(t, registries())
}

func FuzzSource(f *testing.F) { backendtest.FuzzSource(f, sources()) }

func FuzzIndex(f *testing.F) { backendtest.FuzzIndex(f, indexes()) }

func FuzzRegistry(f *testing.F) { backendtest.FuzzRegistry(f, registries()) }

// harness opens the file anew for every handle, so that each suite also sees
// several openings of one file at once.
func harness[T any](open func(*testing.T, *sqlite.Store, string) T) backendtest.Harness[T] {
	return backendtest.Harness[T]{New: func(t *testing.T) backendtest.Place[T] {
		var mu sync.Mutex
		path := filepath.Join(t.TempDir(), "store.db")
		return backendtest.Place[T]{
			Open: func(t *testing.T, name string) T {
				mu.Lock()
				defer mu.Unlock()
				return open(t, openStore(t, path), name)
			},
			Crash: func(t *testing.T) {
				mu.Lock()
				defer mu.Unlock()
				path = crashed(t, path)
			},
		}
	}}
}

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// crashed copies what a crash would leave of an open database: the file and its
// log, without the index of the log that lives in shared memory.
func crashed(t *testing.T, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "store.db")
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		if suffix != "" && errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, raw, 0o600))
	}
	return copied
}
