package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// TestFullDisk: a write for which there is no room leaves nothing of itself, may
// be tried again, and goes through once there is room; reads go on meanwhile.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := Open(ctx, Config{Path: filepath.Join(t.TempDir(), "store.db")})
	require.NoError(t, err)
	defer s.Close()
	m := backends.Model{Name: "m", Driver: "d", Dimensions: 1024, Metric: backends.Cosine}
	x := s.Index("ns")
	g, err := x.Create(ctx, backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	room := func(pages int) { // of the writer's one connection
		var have int
		require.NoError(t, s.writer.QueryRowContext(ctx, "PRAGMA page_count").Scan(&have))
		_, err := s.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", have+pages))
		require.NoError(t, err)
	}
	records := make([]backends.Record, 100)
	for i := range records {
		records[i] = backends.Record{ID: fmt.Sprint(i), Vector: make([]float32, m.Dimensions)}
	}
	require.NoError(t, g.Upsert(ctx, records[:10]))
	room(5)
	err = g.Upsert(ctx, records)
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorContains(t, err, "no room left on the disk")
	require.ErrorContains(t, err, s.Path())
	n, err := g.Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 10, n, "all or none")
	require.NoError(t, g.Delete(ctx, []string{"0"}), "what needs no room goes on")

	room(1 << 20)
	require.NoError(t, g.Upsert(ctx, records))
	n, err = g.Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
}
