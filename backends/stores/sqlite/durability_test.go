package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// TestFinishMakesVectorsDurable: vectors are committed without a flush, and the
// registry may be in another file, whose commits flush nothing of this one. A
// machine that was lost behind a switch lost vectors that had been verified.
func TestFinishMakesVectorsDurable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := Open(ctx, Config{Path: filepath.Join(t.TempDir(), "store.db")})
	require.NoError(t, err)
	defer s.Close()
	// The writer has one connection: its setting is that of the last transaction.
	level := func() (n int) {
		require.NoError(t, s.writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&n))
		return n
	}
	// A commit that changed something is seen by other connections.
	commits := func() (n int) {
		conn, err := s.reader.Conn(ctx)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n))
		return n
	}
	s.reader.SetMaxOpenConns(1) // data_version is a connection's own

	m := backends.Model{Name: "m", Driver: "d", Dimensions: 2, Metric: backends.Cosine}
	x := s.Index("ns")
	g, err := x.Create(ctx, backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	require.NoError(t, g.Upsert(ctx, []backends.Record{{ID: "a", Vector: []float32{1, 0}}}))
	require.Equal(t, 1, level(), "NORMAL")

	before := commits()
	require.NoError(t, x.Finish(ctx, x.Locator(m)))
	require.Equal(t, 2, level(), "FULL")
	require.NotEqual(t, before, commits(), "an empty transaction would flush nothing")
}

// TestOnlyVectorsMayBeLostWithTheMachine: imported items and new generations
// were committed without a flush too, and no sync finds those missing.
func TestOnlyVectorsMayBeLostWithTheMachine(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := Open(ctx, Config{Path: filepath.Join(t.TempDir(), "store.db")})
	require.NoError(t, err)
	defer s.Close()
	source, err := s.Source(Table{Name: "docs"})
	require.NoError(t, err)
	m := backends.Model{Name: "m", Driver: "d", Dimensions: 2, Metric: backends.Cosine}
	x := s.Index("ns")
	var g backends.Generation
	for _, c := range []struct {
		name  string
		level int
		do    func() error
	}{
		{"create", 2, func() error { g, err = x.Create(ctx, backends.SpecOf(m, x.Locator(m))); return err }},
		{"upsert", 1, func() error { return g.Upsert(ctx, []backends.Record{{ID: "a", Vector: []float32{1, 0}}}) }},
		{"put items", 2, func() error { return source.PutItems(ctx, []backends.Item{{ID: "a", Text: "t"}}) }},
		{"delete", 1, func() error { return g.Delete(ctx, []string{"a"}) }},
		{"delete items", 2, func() error { return source.DeleteItems(ctx, []string{"a"}) }},
		{"upsert again", 1, func() error { return g.Upsert(ctx, []backends.Record{{ID: "a", Vector: []float32{1, 0}}}) }},
		{"drop", 2, func() error { return x.Drop(ctx, x.Locator(m)) }},
	} {
		require.NoError(t, c.do(), c.name)
		var level int
		require.NoError(t, s.writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level))
		require.Equal(t, c.level, level, c.name)
	}
}

// TestLogIsNotFlushedWithEachWrite: each third write of a sync moved the log
// into the database, and waited for the disk twice.
func TestLogIsNotFlushedWithEachWrite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(ctx, Config{Path: path})
	require.NoError(t, err)
	defer s.Close()
	m := backends.Model{Name: "m", Driver: "d", Dimensions: 1024, Metric: backends.Cosine}
	x := s.Index("ns")
	g, err := x.Create(ctx, backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	size := func(name string) int64 {
		info, err := os.Stat(name)
		require.NoError(t, err)
		return info.Size()
	}
	for part := range 8 {
		records := make([]backends.Record, 500)
		for i := range records {
			records[i] = backends.Record{ID: fmt.Sprintf("%d-%03d", part, i), Vector: make([]float32, 1024)}
			records[i].Vector[i] = 1
		}
		require.NoError(t, g.Upsert(ctx, records))
	}
	require.Less(t, size(path), int64(1<<20), "still in the log")
	require.Less(t, size(path+"-wal"), int64(walBytes))
	require.NoError(t, s.Close())
	require.Greater(t, size(path), int64(8*500*4096))
}
