package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// The log's pages are moved into the database long before the log is as large as
// it may get, and closing waits for that.
func TestLogIsFlushedWhileWritesGoOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	other := openStore(t, path) // else the last to close moves all
	require.NoError(t, other.Index("docs").Ping(t.Context()))
	s := openStore(t, path)
	m := backends.Model{Name: "m", Driver: "d", Dimensions: 4096, Metric: backends.Cosine}
	x := s.Index("docs")
	g, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)

	vector := make([]float32, m.Dimensions)
	vector[0] = 1
	stamp := backends.Stamp{Content: backends.ContentHash("text"), Fingerprint: m.Fingerprint()}
	const writes, records = 12, 200 // of 16 KiB: 38 MiB
	for w := range writes {
		var batch []backends.Record
		for i := range records {
			batch = append(batch, backends.Record{ID: fmt.Sprintf("%d-%d", w, i), Stamp: stamp, Vector: vector})
		}
		require.NoError(t, g.Upsert(t.Context(), batch))
	}
	require.NoError(t, s.Close())
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Greater(t, file.Size(), int64(16<<20), "nothing was moved")

	g, err = other.Index("docs").Open(t.Context(), x.Locator(m))
	require.NoError(t, err)
	n, err := g.Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, writes*records, n)
}
