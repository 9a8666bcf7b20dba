package backendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// searchDims is enough for drivers that add up in float32 to show it.
const searchDims = 96

func randomVector(r *rand.Rand) []float32 {
	v := make([]float32, searchDims)
	for i := range v {
		v[i] = r.Float32()*2 - 1
	}
	return v
}

// testSearch compares with the scores of the contract, for every vector.
func testSearch(t *testing.T, p Place[backends.Index], metric backends.Metric) {
	x := p.Open(t, "ns")
	m := backends.Model{Name: "suite", Driver: "suite", Dimensions: searchDims, Metric: metric}
	g := create(t, x, m)
	r := rand.New(rand.NewPCG(1, 2))
	vectors := map[string][]float32{}
	var all []backends.Record
	for i := range 300 {
		rec := backends.Record{ID: fmt.Sprintf("v-%03d", i), Vector: randomVector(r)}
		for j := range rec.Vector {
			rec.Vector[j] *= float32(1 + i%7) // lengths differ, or all metrics would rank alike
		}
		vectors[rec.ID] = rec.Vector
		all = append(all, rec)
	}
	require.NoError(t, g.Upsert(t.Context(), all))
	require.NoError(t, x.Finish(t.Context(), g.Spec().Locator))
	for range 5 {
		query := randomVector(r)
		want := bruteForce(metric, query, vectors)
		for _, k := range []int{1, 10, 299, 300, 301, 5000} {
			hits, err := g.Search(t.Context(), backends.Query{Vector: query, K: k, Exact: true})
			require.NoError(t, err)
			requireHits(t, metric, query, vectors, want[:min(k, len(want))], hits)
		}
		hits, err := g.Search(t.Context(), backends.Query{Vector: query, K: 10})
		require.NoError(t, err)
		if !x.Traits().ANN {
			requireHits(t, metric, query, vectors, want[:10], hits)
			continue
		}
		found := 0
		for _, h := range hits {
			if slices.ContainsFunc(want[:10], func(w backends.Hit) bool { return w.ID == h.ID }) {
				found++
			}
		}
		require.GreaterOrEqual(t, found, 8, "of 10, by the approximate index")
	}
}

func bruteForce(metric backends.Metric, query []float32, vectors map[string][]float32) []backends.Hit {
	var hits []backends.Hit
	for id, v := range vectors {
		hits = append(hits, backends.Hit{ID: id, Score: metric.Score(query, v)})
	}
	slices.SortFunc(hits, backends.CompareHits)
	return hits
}

// requireHits wants the right hits in the right order; scores may be rounded to
// float32, and neighbours closer than that may change places.
func requireHits(t *testing.T, metric backends.Metric, query []float32, vectors map[string][]float32, want, got []backends.Hit) {
	t.Helper()
	require.Len(t, got, len(want))
	require.True(t, slices.IsSortedFunc(got, backends.CompareHits), "by descending score, then by id")
	seen := map[string]bool{}
	for i, h := range got {
		require.False(t, seen[h.ID], "%q is a hit twice", h.ID)
		seen[h.ID] = true
		tolerance := 1e-4 * math.Max(1, math.Abs(want[i].Score))
		require.InDelta(t, want[i].Score, h.Score, tolerance, "hit %d", i)
		require.InDelta(t, metric.Score(query, vectors[h.ID]), h.Score, tolerance, "the score of %q", h.ID)
	}
}

func testSearchTies(t *testing.T, p Place[backends.Index]) {
	for _, metric := range []backends.Metric{backends.Cosine, backends.Dot, backends.Euclidean} {
		m := model("ties of " + string(metric))
		m.Metric = metric
		g := create(t, p.Open(t, "ns"), m)
		ids := append([]string{"b", "a", "é", "e", "Z", "z", "10", "9", "c"}, number("tie", 60)...)
		var all []backends.Record
		for _, id := range ids {
			all = append(all, backends.Record{ID: id, Vector: []float32{0.3, -0.7, 0.11, 0.9}})
		}
		all = append(all, backends.Record{ID: "0 far", Vector: []float32{-1, 0, 0, -1}})
		require.NoError(t, g.Upsert(t.Context(), all))
		slices.Sort(ids)
		for _, k := range []int{1, 2, 5, 9, 30, len(ids)} {
			hits, err := g.Search(t.Context(), backends.Query{Vector: []float32{0.2, 0.1, 0, 1}, K: k, Exact: true})
			require.NoError(t, err)
			var got []string
			for _, h := range hits {
				got = append(got, h.ID)
			}
			require.Equal(t, ids[:k], got, "%s: equal scores in byte order of their ids", metric)
		}
	}
}

func testSearchMoves(t *testing.T, p Place[backends.Index]) {
	x := p.Open(t, "ns")
	g := create(t, x, model(""))
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{
		{ID: "east", Vector: []float32{1, 0, 0, 0}}, {ID: "north", Vector: []float32{0, 1, 0, 0}},
	}))
	require.NoError(t, x.Finish(t.Context(), g.Spec().Locator))
	nearest := func() string {
		hits, err := g.Search(t.Context(), backends.Query{Vector: []float32{1, 0.1, 0, 0}, K: 1, Exact: true})
		require.NoError(t, err)
		require.Len(t, hits, 1)
		return hits[0].ID
	}
	require.Equal(t, "east", nearest())
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{{ID: "east", Vector: []float32{-1, 0, 0, 0}}}))
	require.Equal(t, "north", nearest(), "what was written is visible to the next search")
	require.NoError(t, g.Upsert(t.Context(), []backends.Record{{ID: "new", Vector: []float32{1, 0.1, 0, 0}}}))
	require.Equal(t, "new", nearest(), "also after Finish")
	require.NoError(t, g.Delete(t.Context(), []string{"new"}))
	require.Equal(t, "north", nearest())
}
