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
	"github.com/reembed/reembed/backends/records"
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

func TestOpenActive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(5)
	_, err := activities.OpenActive(t.Context(), h.acts.World, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound, "no generation yet")
	_, err = activities.OpenActive(t.Context(), h.acts.World, "dogs")
	require.ErrorIs(t, err, backends.ErrNotFound)

	_, err = h.index().Create(t.Context(), backends.SpecOf(older, h.index().Locator(older)))
	require.NoError(t, err)
	a, err := activities.OpenActive(t.Context(), h.acts.World, "docs")
	require.NoError(t, err, "before the first switch the namespace's own model is active")
	require.Equal(t, older, a.Model)
	require.Zero(t, a.Route.Version)

	r := h.switchedTo(newer)
	a, err = activities.OpenActive(t.Context(), h.acts.World, "docs")
	require.NoError(t, err)
	require.Equal(t, newer, a.Model)
	require.Equal(t, r, a.Route)
	require.Equal(t, newer, a.Embedder.Model())

	m := newer
	m.Revision = "2"
	h.catalog.Models["newer"] = catalog.ModelSpec{Model: m, Embedder: "builtin"}
	_, err = activities.OpenActive(t.Context(), h.acts.World, "docs")
	require.ErrorContains(t, err, "not any more what the route")
}

func TestDiff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(20)
	h.switchedTo(older)
	var seen activities.Verification
	got, err := activities.Diff(t.Context(), h.acts.World, "docs", func(v activities.Verification) { seen = v })
	require.NoError(t, err)
	require.True(t, got.Clean())
	require.EqualValues(t, 20, got.Items)
	require.EqualValues(t, 20, got.Records)
	require.Equal(t, 20, got.Sampled)
	require.EqualValues(t, 20, seen.Records)

	h.put(backends.Item{ID: "id-0003", Text: "changed"}, backends.Item{ID: "id-0099", Text: "bad"})
	q := records.Quarantined{ID: "id-0099", Content: backends.ContentHash("bad")}
	require.NoError(t, records.PutQuarantined(t.Context(), h.registry(), "docs", older.Fingerprint(), q))
	got, err = activities.Diff(t.Context(), h.acts.World, "docs", nil)
	require.NoError(t, err)
	require.Equal(t, []verify.Finding{{Kind: verify.Stale, ID: "id-0003", Want: backends.ContentHash("changed")}}, got.Findings)
	require.EqualValues(t, 1, got.Quarantined)

	for _, operation := range []string{"Get", "List", "ReadPage", "Embed"} {
		h.faults.Clear()
		h.faults.Add(faulty.Fault{Operation: operation, Err: backends.ErrUnavailable})
		_, err = activities.Diff(t.Context(), h.acts.World, "docs", nil)
		require.ErrorIs(t, err, backends.ErrUnavailable, operation)
	}
}

func TestQuality(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(20)
	h.switchedTo(older)
	_, err := activities.Quality(t.Context(), h.acts.World, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)
	h.golden(catalog.Golden{})
	got, err := activities.Quality(t.Context(), h.acts.World, "docs")
	require.NoError(t, err)
	require.InDelta(t, 1, got.NDCG10, 1e-9)
	require.InDelta(t, 1, got.Recall10, 1e-9)
}
