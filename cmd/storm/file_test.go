package storm

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	stores "github.com/reembed/reembed/backends/stores/sqlite"
	"github.com/reembed/reembed/workflows"
)

// inAFile is a store whose locks are felt soon.
const inAFile = `
stores:
  local: {driver: sqlite, path: ./storm.db, busy_timeout: 500ms}
namespaces:
  docs: {store: local, table: docs, key: id, text: body, payload: meta, model: elder, writes: text, capture: journal}
  pages: {store: local, table: pages, key: id, text: body, payload: meta, model: elder, writes: vectors, capture: journal}
`

// TestStorm is the storm over an application's table in a file, with workers that
// are processes.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := newStorm(t, inAFile)
	s.path = filepath.Join(s.stand.Dir, "storm.db")
	s.crew.hire = func() (worker, error) { return s.stand.Start(program("reembed-worker"), workerSettings...) }
	require.NoError(t, s.crew.muster())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	db, err := openSQL(s.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := stores.Open(ctx, stores.Config{Path: s.path})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for _, name := range []string{"docs", "pages"} {
		require.NoError(t, s.tableSet(ctx, db, store, name))
	}
	s.rage()
}

// tableSet makes a namespace of a table, with its items and its first generation.
// Those of "pages" are embedded by the application as well: by a writer that
// follows the route, and by one that is still on the old model for a while.
func (s *storm) tableSet(ctx context.Context, db *sql.DB, store *stores.Store, name string) error {
	made, err := newTable(ctx, db, name)
	if err != nil {
		return err
	}
	v := &view{namespace: name, table: name, db: db}
	set := s.newSet(name, v)
	set.readers = []searcher{&sqlReader{v}, newGoReader(name, store.Registry(), store.Index(name))}
	set.repair = func(ctx context.Context) error { return set.reembed(ctx, "diff", name, "--repair") }
	if err := set.anchor(ctx, made); err != nil {
		return err
	}
	for n := range writersOfSet {
		app := application(made)
		if name == "pages" {
			app = &vectorTable{table: made, view: v, tally: s.tally, patience: time.Duration(n) * late}
		}
		if err := set.newWriter(ctx, app); err != nil {
			return err
		}
	}
	return set.move(ctx, workflows.Request{To: "elder"})
}
