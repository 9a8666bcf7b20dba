package golden_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/starter/demo/corpus"
	"github.com/reembed/reembed/starter/demo/golden"
)

func read(t *testing.T) []verify.GoldenQuery {
	t.Helper()
	queries, qrels, err := golden.Write(t.TempDir())
	require.NoError(t, err)
	read, err := verify.ReadGolden(queries, qrels)
	require.NoError(t, err)
	return read
}

// walked is the corpus, read once for all tests.
var walked = sync.OnceValues(func() ([]backends.Item, error) {
	root, err := corpus.GOROOT(context.Background())
	if err != nil {
		return nil, err
	}
	return corpus.Walk(context.Background(), root)
})

func library(t *testing.T) []backends.Item {
	t.Helper()
	items, err := walked()
	require.NoError(t, err)
	return items
}

func TestWriteReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "qrels.tsv"), []byte("old"), 0o600))
	queries, qrels, err := golden.Write(dir)
	require.NoError(t, err)
	_, err = verify.ReadGolden(queries, qrels)
	require.NoError(t, err)

	_, _, err = golden.Write(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A symbol that the library dropped or renamed would count against every model.
func TestEveryJudgedItemExists(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, item := range library(t) {
		there[item.ID] = true
	}
	queries := read(t)
	require.GreaterOrEqual(t, len(queries), 60)
	texts := map[string]string{}
	for _, q := range queries {
		require.Empty(t, texts[q.Text], "asked twice")
		texts[q.Text] = q.ID
		answered := false
		for id, relevance := range q.Relevant {
			require.True(t, there[id], "%s: %q asks for %s, which is not in the corpus", q.ID, q.Text, id)
			require.Contains(t, []float64{1, 2}, relevance, q.ID)
			answered = answered || relevance == 2
		}
		require.True(t, answered, "%s: nothing answers it, things only help", q.ID)
	}
}

// The demo's point: the new model is the better one, over the whole corpus.
func TestMoreDimensionsRetrieveBetter(t *testing.T) {
	t.Parallel()
	items, queries := library(t), read(t)
	small, large := score(t, items, queries, 256), score(t, items, queries, 1024)
	t.Logf("%d items, %d queries", len(items), len(queries))
	t.Logf("hashing-256:  nDCG@10 %.4f, recall@10 %.4f", small.NDCG10, small.Recall10)
	t.Logf("hashing-1024: nDCG@10 %.4f, recall@10 %.4f", large.NDCG10, large.Recall10)
	require.Greater(t, small.NDCG10, 0.3)
	require.Greater(t, large.NDCG10, 0.35)
	require.Greater(t, large.NDCG10, small.NDCG10+0.02)
	require.Greater(t, large.Recall10, small.Recall10+0.02)
}

func score(t *testing.T, items []backends.Item, queries []verify.GoldenQuery, dimensions int) verify.Scores {
	t.Helper()
	model := backends.Model{Name: "hashing", Driver: "hashing", Dimensions: dimensions, Metric: backends.Dot, Normalized: true}
	e, err := hashing.New(model, hashing.Config{})
	require.NoError(t, err)
	store, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	index := store.Index("library")
	g, err := index.Create(t.Context(), backends.SpecOf(model, index.Locator(model)))
	require.NoError(t, err)

	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.Text
	}
	out, err := e.Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
	records := make([]backends.Record, len(items))
	for i, item := range items {
		records[i] = backends.Record{ID: item.ID, Vector: out.Vectors[i], Stamp: backends.NewStamp(item, model.Fingerprint(), false)}
	}
	require.NoError(t, g.Upsert(t.Context(), records))
	scores, err := verify.Score(t.Context(), queries, verify.Searchable{Generation: g, Embedder: e})
	require.NoError(t, err)
	return scores
}
