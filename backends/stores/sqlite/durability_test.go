package sqlite

import (
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
