package sqlite_test

import (
	"database/sql"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite/vec"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

func testModel(metric backends.Metric) backends.Model {
	return backends.Model{Name: "m", Driver: "d", Dimensions: 2, Metric: metric}
}

// opened returns a generation, and the file as others see it.
func opened(t *testing.T, metric backends.Metric) (*sqlite.Store, backends.Generation, *sql.DB) {
	t.Helper()
	path, db := application(t)
	s := openStore(t, path)
	x := s.Index("ns")
	m := testModel(metric)
	g, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	return s, g, db
}

func run(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err, query)
}

// TestForeignWriters does to a generation what an application may do.
func TestForeignWriters(t *testing.T) {
	t.Parallel()
	_, g, db := opened(t, backends.Cosine)
	table := g.Spec().Locator
	stamp := backends.NewStamp(backends.Item{Text: "text"}, g.Spec().Fingerprint, false)
	record := backends.Record{ID: "a", Vector: []float32{1, 2}, Stamp: stamp}
	stamps := func() map[string]backends.Stamp {
		got, err := g.Stamps(t.Context(), []string{"a", "b"})
		require.NoError(t, err)
		page, err := g.ReadStamps(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10})
		require.NoError(t, err)
		for _, s := range page.Items {
			require.Equal(t, got[s.ID], s.Stamp)
		}
		return got
	}
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{record}))
	run(t, db, "UPDATE "+table+" SET vector = vector")
	require.Equal(t, stamp, stamps()["a"], "the same vector is no change")
	run(t, db, "UPDATE "+table+" SET vector = x'0000803f0000803f' WHERE id = 'a'")
	require.Equal(t, map[string]backends.Stamp{"a": {}}, stamps(), "a vector that somebody else wrote has no stamp")
	record.Vector = []float32{1, 2.0001}
	for range 2 {
		require.NoError(t, g.Upsert(t.Context(), []backends.Record{record}))
		require.Equal(t, stamp, stamps()["a"], "our own writes keep theirs, also with a vector that is a bit different")
	}
	run(t, db, "INSERT INTO "+table+" (id, vector) VALUES ('b', x'0000803f0000803f')")
	require.Equal(t, backends.Stamp{}, stamps()["b"])
	for _, foreign := range []string{"x", "r0:f:c", "r1:f", "r1::c", "::::"} {
		run(t, db, "UPDATE "+table+" SET stamp = ? WHERE id = 'b'", foreign)
		require.Equal(t, backends.Stamp{}, stamps()["b"], "%q is not a stamp of ours", foreign)
	}
	for _, vector := range []string{"x'0000803f'", "x''", "'00000000'", "NULL", "1"} {
		_, err := db.ExecContext(t.Context(), "INSERT INTO "+table+" (id, vector) VALUES ('c', "+vector+")")
		require.Error(t, err, "%s is not a vector of this generation", vector)
	}
}

// TestSQLContract reads what package doc promises, with SQL alone.
func TestSQLContract(t *testing.T) {
	t.Parallel()
	s, g, db := opened(t, backends.Cosine)
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{{ID: "a", Vector: []float32{1, 0}}, {ID: "b", Vector: []float32{0, 1}}}))
	spec := g.Spec()
	want := route.Route{Namespace: "ns", Generation: 1, Locator: spec.Locator, Model: spec.Model, Fingerprint: spec.Fingerprint, Dimensions: spec.Dimensions, Metric: spec.Metric}
	_, err := route.Swap(t.Context(), s.Registry(), 0, want)
	require.NoError(t, err)
	var locator, model, id string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT value ->> 'locator', value ->> 'model' FROM reembed_registry
		WHERE kind = 'route' AND key = 'ns'`).Scan(&locator, &model))
	require.Equal(t, []string{spec.Locator, "m"}, []string{locator, model})
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT id FROM "+locator+" ORDER BY vec_distance_cosine(vector, '[0.1, 1]') LIMIT 1").Scan(&id))
	require.Equal(t, "b", id)
	var dims int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT g.dimensions FROM reembed_generations g, reembed_schema s, reembed_versions v
		WHERE g.locator = ? AND g.namespace = 'ns' AND g.fingerprint = ? AND g.metric = 'cosine' AND s.version = 2 AND v.last = 1`,
		locator, spec.Fingerprint).Scan(&dims))
	require.Equal(t, 2, dims)
	require.True(t, strings.HasPrefix(locator, "reembed_ns_"))
}

// TestSearchOfStrangeVectors: a zero vector has no direction, and very long
// ones overflow what sqlite-vec adds up in.
func TestSearchOfStrangeVectors(t *testing.T) {
	t.Parallel()
	for _, metric := range []backends.Metric{backends.Cosine, backends.Dot, backends.Euclidean} {
		_, g, _ := opened(t, metric)
		vectors := map[string][]float32{"zero": {0, 0}, "far": {math.MaxFloat32, math.MaxFloat32}, "near": {1, 1}, "back": {-1, -1}}
		for id, v := range vectors {
			require.NoError(t, g.Upsert(t.Context(), []backends.Record{{ID: id, Vector: v}}))
		}
		for _, query := range [][]float32{{1, 2}, {0, 0}, {-math.MaxFloat32, 1}} {
			hits, err := g.Search(t.Context(), backends.Query{Vector: query, K: 10})
			require.NoError(t, err)
			require.Len(t, hits, len(vectors))
			for _, h := range hits {
				require.Equal(t, metric.Score(query, vectors[h.ID]), h.Score, "%s of %s", metric, h.ID)
			}
		}
	}
}

// TestStaleHandle: a generation that was dropped and made again is the same place.
func TestStaleHandle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	x, y := openStore(t, path).Index("ns"), openStore(t, path).Index("ns")
	m := testModel(backends.Cosine)
	old, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	require.NoError(t, old.Upsert(t.Context(), []backends.Record{{ID: "a", Vector: []float32{1, 0}}}))
	require.NoError(t, y.Drop(t.Context(), x.Locator(m)))
	require.ErrorIs(t, old.Upsert(t.Context(), []backends.Record{{ID: "b", Vector: []float32{1, 0}}}), backends.ErrNotFound)
	fresh, err := y.Create(t.Context(), old.Spec())
	require.NoError(t, err)
	require.NoError(t, old.Upsert(t.Context(), []backends.Record{{ID: "b", Vector: []float32{1, 0}}}))
	n, err := fresh.Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestForeignLocators(t *testing.T) {
	t.Parallel()
	s, g, _ := opened(t, backends.Cosine)
	spec := g.Spec()
	for _, locator := range []string{"docs", "reembed_registry", "reembed_ns_", "reembed_ns_a_b", "reembed_ns_A", "reembed_other_x", "", `reembed_ns_"`} {
		spec.Locator = locator
		_, err := s.Index("ns").Create(t.Context(), spec)
		require.ErrorIs(t, err, backends.ErrInvalidInput, "%q is no locator of the namespace", locator)
	}
}
