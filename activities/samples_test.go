package activities_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/faulty"
)

// golden gives the namespace two queries: the texts of items 3 and 4.
func (h *house) golden(g catalog.Golden) {
	h.t.Helper()
	dir := h.t.TempDir()
	g.Queries, g.Qrels = filepath.Join(dir, "q.jsonl"), filepath.Join(dir, "qrels.tsv")
	queries, qrels := "", ""
	for _, i := range []int{3, 4} {
		queries += fmt.Sprintf(`{"id":"q%d","text":"the text number %d of the corpus"}`+"\n", i, i)
		qrels += fmt.Sprintf("q%d\tid-%04d\t1\n", i, i)
	}
	require.NoError(h.t, os.WriteFile(g.Queries, []byte(queries), 0o600))
	require.NoError(h.t, os.WriteFile(g.Qrels, []byte(qrels), 0o600))
	ns := h.catalog.Namespaces["docs"]
	ns.Golden = &g
	h.catalog.Namespaces["docs"] = ns
}

func TestVerifySamples(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(60)
	h.switchedTo(older)
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	got, err := run[activities.Verification](h, nil, h.acts.VerifySamples, job)
	require.NoError(t, err)
	require.True(t, got.Clean())
	require.Equal(t, 60, got.Sampled)
	require.Nil(t, got.Quality)

	h.golden(catalog.Golden{MinNDCG: 0.9, MaxDrop: 0.1})
	got, err = run[activities.Verification](h, nil, h.acts.VerifySamples, job)
	require.NoError(t, err)
	require.True(t, got.Clean())
	require.Equal(t, 2, got.Quality.Queries)
	require.InDelta(t, 1, got.Quality.After.NDCG10, 1e-9)
	require.InDelta(t, 1, got.Quality.Before.NDCG10, 1e-9)

	require.NoError(t, h.generation(newer).Delete(t.Context(), []string{"id-0003"}))
	got, err = run[activities.Verification](h, nil, h.acts.VerifySamples, job)
	require.NoError(t, err)
	require.False(t, got.Clean())
	require.Len(t, got.Quality.Failed, 2)

	h.faults.Add(faulty.Fault{Operation: "Search", Err: backends.ErrUnavailable})
	_, err = run[activities.Verification](h, nil, h.acts.VerifySamples, job)
	requireCode(t, err, activities.CodeUnavailable)
}

// What the store can't tell, a sample does: somebody wrote over a vector and left
// its stamp.
func TestVectorThatWasWrittenOverIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(40)
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	r, err := h.generation(newer).Fetch(t.Context(), []string{"id-0003", "id-0004"})
	require.NoError(t, err)
	r[0].Vector, r[1].Vector = r[1].Vector, r[0].Vector
	require.NoError(t, h.generation(newer).Upsert(t.Context(), r))
	report := h.clean(job)
	require.True(t, report.Clean(), "the stamps are right")
	got, err := run[activities.Verification](h, nil, h.acts.VerifySamples, job)
	require.NoError(t, err)
	require.EqualValues(t, 2, got.Counts[verify.Drift])
}

// Without the model before there is nothing to compare with: a bound on the drop
// can't be called met.
func TestQualityWithoutTheModelBefore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		given  func(h *house)
		golden catalog.Golden
		failed int
	}{
		{"before the first switch", func(*house) {}, catalog.Golden{MaxDrop: 0.1}, 0},
		{"gone, and a drop is bounded", func(h *house) { h.switchedTo(older); delete(h.catalog.Models, "older") }, catalog.Golden{MaxDrop: 0.1}, 1},
		{"gone, and no bound", func(h *house) { h.switchedTo(older); delete(h.catalog.Models, "older") }, catalog.Golden{}, 0},
		{"another model by its name, and a drop is bounded", func(h *house) {
			h.switchedTo(older)
			m := older
			m.Revision = "2"
			h.catalog.Models["older"] = catalog.ModelSpec{Model: m, Embedder: "builtin"}
		}, catalog.Golden{MaxDrop: 0.1}, 1},
		{"dropped, and a drop is bounded", func(h *house) {
			h.switchedTo(older)
			require.NoError(h.t, h.index().Drop(h.t.Context(), h.index().Locator(older)))
		}, catalog.Golden{MaxDrop: 0.1}, 1},
		{"the target is active", func(h *house) { h.switchedTo(newer) }, catalog.Golden{MaxDrop: 0.1}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(20)
			tt.given(h)
			h.golden(tt.golden)
			job := h.prepared()
			_, err := h.segment(nil, job, activities.SyncForward, "")
			require.NoError(t, err)
			got, err := run[activities.Verification](h, nil, h.acts.VerifySamples, job)
			require.NoError(t, err)
			require.Nil(t, got.Quality.Before)
			require.Len(t, got.Quality.Failed, tt.failed)
		})
	}
	h := newHouse(t)
	h.fill(5)
	h.golden(catalog.Golden{})
	require.NoError(t, os.Remove(h.catalog.Namespaces["docs"].Golden.Qrels))
	_, err := run[activities.Verification](h, nil, h.acts.VerifySamples, h.prepared())
	requireCode(t, err, activities.CodeNotFound)
}
