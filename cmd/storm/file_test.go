package storm

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

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
	docs, err := s.tableSet(ctx, db, "docs")
	require.NoError(t, err)
	store, err := stores.Open(ctx, stores.Config{Path: s.path, ReadOnly: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	docs.readers = append(docs.readers, newGoReader("docs", store.Registry(), store.Index("docs")))
	s.rage()
}

// tableSet makes a namespace of a table, with its items and its first generation.
func (s *storm) tableSet(ctx context.Context, db *sql.DB, name string) (*set, error) {
	app, err := newTable(ctx, db, name)
	if err != nil {
		return nil, err
	}
	v := &view{namespace: name, table: name, db: db}
	set := s.newSet(name, v)
	set.readers = []searcher{&sqlReader{v}}
	set.repair = func(ctx context.Context) error { return set.reembed(ctx, "diff", name, "--repair") }
	if err := set.anchor(ctx, app); err != nil {
		return nil, err
	}
	for range writersOfSet {
		if err := set.newWriter(ctx, app); err != nil {
			return nil, err
		}
	}
	return set, set.move(ctx, workflows.Request{To: "elder"})
}
