package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// BenchmarkGeneration measures what a sync does with a generation, a thousand
// records at a time.
func BenchmarkGeneration(b *testing.B) {
	const dims, batch, total = 256, 1000, 20_000
	s, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(b.TempDir(), "store.db")})
	require.NoError(b, err)
	defer s.Close()
	m := backends.Model{Name: "m", Driver: "d", Dimensions: dims, Metric: backends.Cosine}
	x := s.Index("ns")
	g, err := x.Create(b.Context(), backends.SpecOf(m, x.Locator(m)))
	require.NoError(b, err)
	r := rand.New(rand.NewPCG(1, 2))
	records := make([]backends.Record, total)
	ids := make([]string, total)
	for i := range records {
		v := make([]float32, dims)
		for j := range v {
			v[j] = r.Float32() - 0.5
		}
		ids[i] = fmt.Sprintf("net/http.Client.Method%06d", i)
		records[i] = backends.Record{ID: ids[i], Vector: v, Stamp: backends.NewStamp(backends.Item{Text: ids[i]}, m.Fingerprint(), false)}
	}
	next := 0
	window := func() (from, to int) {
		from = next % total
		next += batch
		return from, from + batch
	}
	rate := func(b *testing.B) { b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "records/s") }
	b.Run("upsert", func(b *testing.B) {
		for b.Loop() {
			from, to := window()
			require.NoError(b, g.Upsert(b.Context(), records[from:to]))
		}
		rate(b)
	})
	require.NoError(b, g.Upsert(b.Context(), records))
	b.Run("stamps", func(b *testing.B) {
		for b.Loop() {
			from, to := window()
			got, err := g.Stamps(b.Context(), ids[from:to])
			require.NoError(b, err)
			require.Len(b, got, batch)
		}
		rate(b)
	})
	b.Run("read stamps", func(b *testing.B) {
		var after backends.Cursor
		for b.Loop() {
			page, err := g.ReadStamps(b.Context(), backends.Range{}, after, backends.PageLimit{Items: batch})
			require.NoError(b, err)
			after = page.Next
			if page.Done {
				after = ""
			}
		}
		rate(b)
	})
	b.Run("split", func(b *testing.B) {
		for b.Loop() {
			keys, err := g.Split(b.Context(), "", batch, 1000)
			require.NoError(b, err)
			require.Len(b, keys, total/batch-1)
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			hits, err := g.Search(b.Context(), backends.Query{Vector: records[7].Vector, K: 10})
			require.NoError(b, err)
			require.Equal(b, ids[7], hits[0].ID)
		}
	})
}
