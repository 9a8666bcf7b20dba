package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// brokenStore is a fault of the file that a namespace is in, what becomes of a
// job, and what its reason has to say beside the file's path.
type brokenStore struct {
	spoil func(r *rig)
	code  string
	says  []string
	// lost: the active vectors can't be read any more either.
	lost bool
}

// brokenStores have one file each, of the namespace's name.
var brokenStores = map[string]brokenStore{
	"overwritten": {func(r *rig) {
		r.write(filepath.Base(r.dbPath()), strings.Repeat("this is a diary, not a database\n", 1000))
	}, "DAMAGED", []string{"not an SQLite database", "does the path name another file"}, true},
	"damaged": {func(r *rig) {
		raw, err := os.ReadFile(r.dbPath())
		require.NoError(r.t, err)
		for i := len(raw) / 8; i < len(raw); i++ { // behind the schema
			raw[i] = 0xa5
		}
		require.NoError(r.t, os.WriteFile(r.dbPath(), raw, 0o600))
	}, "DAMAGED", []string{"the database is damaged: restore a backup"}, true},
	"newer":    {statements("UPDATE reembed_schema SET version = 3"), "UNSUPPORTED", []string{"written by a newer reembed", "upgrade this program"}, false},
	"renamed":  {statements("ALTER TABLE renamed RENAME COLUMN text TO body"), "NOT_FOUND", []string{`has no column "text"`}, true},
	"dropped":  {statements("DROP TABLE dropped"), "NOT_FOUND", []string{`table "dropped"`}, true},
	"spoiled":  {statements("UPDATE reembed_registry SET value = '[]' WHERE kind = 'route'"), "DAMAGED", []string{`route of namespace "spoiled"`}, true},
	"stripped": {statements("DROP TABLE reembed_registry"), "DAMAGED", []string{"a table of reembed's own is gone: restore a backup"}, true},
}

// statements change a file as a foreign program would.
func statements(list ...string) func(*rig) {
	return func(r *rig) {
		db, err := sql.Open("sqlite", "file:"+r.dbPath()+"?_busy_timeout=60000")
		require.NoError(r.t, err)
		for _, s := range list {
			_, err := db.Exec(s)
			require.NoError(r.t, err)
		}
		require.NoError(r.t, db.Close())
	}
}

// in looks into the file of one namespace.
func (r *rig) in(namespace string) *rig {
	one := *r
	one.db = namespace + ".db"
	return &one
}

// TestStoresThatAreBroken guards jobs against waiting for what does not pass: a
// store that a person has to mend fails them at once, and says what to mend.
// Once it is restored another job goes through.
func TestStoresThatAreBroken(t *testing.T) {
	t.Parallel()
	var stores, namespaces strings.Builder
	names := []string{}
	for name := range brokenStores {
		names = append(names, name)
	}
	for _, ns := range append([]string{"docs"}, names...) {
		fmt.Fprintf(&stores, "  %s: {driver: sqlite, path: ./%s.db}\n", ns, ns)
		fmt.Fprintf(&namespaces, "  %[1]s: {store: %[1]s, table: %[1]s, model: small, writes: text}\n", ns)
	}
	r := newRig(t, setting{items: 500, more: names, catalog: "stores:\n" + stores.String() +
		"embedders:\n  near: {driver: hashing}\nmodels:\n" +
		"  small: {embedder: near, dimensions: 64, metric: cosine, normalized: true}\n" +
		"  large: {embedder: near, dimensions: 128, metric: cosine, normalized: true}\n" +
		"namespaces:\n" + namespaces.String()})
	for name, b := range brokenStores {
		good, err := os.ReadFile(r.in(name).dbPath())
		require.NoError(t, err)
		r.write(name+".backup", string(good))
		b.spoil(r.in(name))
	}
	first := r.worker()
	for name, b := range brokenStores {
		t.Run(name, func(t *testing.T) {
			s := r.finish(r.begin(workflows.Request{Namespace: name, To: "large"}))
			require.Equal(t, workflows.Failed, s.State)
			require.Equal(t, b.code, s.ErrorCode, s.Reason)
			for _, says := range b.says {
				require.Contains(t, s.Reason, says)
			}
			if !b.lost {
				r.in(name).everyVectorIsRight(name, "small")
			}
		})
	}
	require.NoError(t, first.Stop(patience))
	jobs := map[string]starter.Handle{}
	for name := range brokenStores {
		for _, beside := range []string{"-wal", "-shm"} {
			require.NoError(t, os.RemoveAll(r.in(name).dbPath()+beside))
		}
		require.NoError(t, os.Rename(filepath.Join(r.dir, name+".backup"), r.in(name).dbPath()))
		jobs[name] = r.begin(workflows.Request{Namespace: name, To: "large"})
	}
	r.worker()
	for name, job := range jobs {
		s := r.finish(job)
		require.Equal(t, workflows.Completed, s.State, "%s: %s: %s", name, s.ErrorCode, s.Reason)
	}
}

// TestStoreThatIsLocked: another program holds the lock while the job copies. It
// waits, says so, and goes on.
func TestStoreThatIsLocked(t *testing.T) {
	t.Parallel()
	s := slow
	s.catalog = strings.Replace(s.file(), "path: ./reembed.db", "path: ./reembed.db, busy_timeout: 50ms", 1)
	r := newRig(t, s)
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	db, err := sql.Open("sqlite", "file:"+r.dbPath()+"?_txlock=immediate&_busy_timeout=60000")
	require.NoError(t, err)
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	locked := r.await(job, "the lock to be told of", func(s workflows.Status) bool {
		return strings.Contains(s.LastError, "another process holds the database's lock")
	})
	require.Equal(t, workflows.Running, locked.State)
	require.Contains(t, locked.LastError, r.dbPath())
	r.everyVectorIsRight("docs", "small")
	require.NoError(t, lock.Rollback())
	r.complete(job, "docs")
}
