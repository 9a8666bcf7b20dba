package verify_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestReadGolden(t *testing.T) {
	t.Parallel()
	queries := write(t, "q.jsonl", `{"id":"q1","text":"how to open"}`+"\n\n"+`{"id":"q2","text":"how to close"}`+"\n")
	for _, header := range []string{"", "query-id\tcorpus-id\tscore\n"} {
		qrels := write(t, "qrels.tsv", header+"q1\ta b\t1\nq1\tc\t2\nq1\td\t0\nq2\ta b\t1\n")
		got, err := verify.ReadGolden(queries, qrels)
		require.NoError(t, err)
		require.Equal(t, []verify.GoldenQuery{
			{ID: "q1", Text: "how to open", Relevant: map[string]float64{"a b": 1, "c": 2}},
			{ID: "q2", Text: "how to close", Relevant: map[string]float64{"a b": 1}},
		}, got)
	}
}

func TestGoldenFilesAreReadStrictly(t *testing.T) {
	t.Parallel()
	const q, r = `{"id":"q1","text":"x"}`, "q1\ta\t1"
	for _, tt := range []struct {
		name           string
		queries, qrels string
		want           string // in the error, with the file's name before it
	}{
		{"unknown field", `{"id":"q1","txt":"x"}`, r, `q.jsonl:1: unknown field "txt"`},
		{"not JSON", q + "\nnonsense", r, "q.jsonl:2: "},
		{"two values", q + q, r, "q.jsonl:1: more than one JSON value"},
		{"no id", `{"text":"x"}`, r, "q.jsonl:1: no id"},
		{"no text", q + "\n" + `{"id":"q2","text":" "}`, r, `q.jsonl:2: query "q2" has no text`},
		{"a query twice", q + "\n" + q, r, `q.jsonl:2: query "q1" a second time`},
		{"no queries", "\n", r, "q.jsonl: no queries"},
		{"an unanswered query", "\n" + q, "q1\ta\t0", `q.jsonl:2: query "q1" has no relevant document`},
		{"an unknown query", q, r + "\nq9\ta\t1", `qrels.tsv:2: no query "q9"`},
		{"fields", q, "q1 a 1", "qrels.tsv:1: 1 fields, want 3"},
		{"relevance", q, "q1\ta\thigh", `qrels.tsv:1: relevance "high"`},
		{"negative relevance", q, "q1\ta\t-1", `qrels.tsv:1: relevance "-1"`},
		{"relevance that is no number", q, "q1\ta\tNaN", `qrels.tsv:1: relevance "NaN"`},
		{"no document", q, "q1\t\t1", "qrels.tsv:1: no document"},
		{"a judgement twice", q, r + "\n" + r, `qrels.tsv:2: query "q1" and document "a" a second time`},
		{"a header in the middle", q, r + "\nquery-id\tcorpus-id\tscore", "qrels.tsv:2: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := verify.ReadGolden(write(t, "q.jsonl", tt.queries), write(t, "qrels.tsv", tt.qrels))
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := verify.ReadGolden(filepath.Join(t.TempDir(), "absent"), "x")
	require.ErrorIs(t, err, backends.ErrNotFound)
	long := write(t, "q.jsonl", `{"id":"q1","text":"`+string(make([]byte, 2<<20)))
	_, err = verify.ReadGolden(long, "x")
	require.ErrorContains(t, err, "q.jsonl:1: ")
}

// The values are computed by hand from the formula of trec_eval.
func TestScores(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30)
	s := verify.Searchable{Generation: w.target, Embedder: w.embedder}
	exact := func(i int, relevant map[string]float64) verify.GoldenQuery {
		return verify.GoldenQuery{ID: fmt.Sprint(i), Text: text(i), Relevant: relevant}
	}
	for _, tt := range []struct {
		name   string
		golden []verify.GoldenQuery
		want   verify.Scores
	}{
		{"the only answer comes first", []verify.GoldenQuery{exact(7, map[string]float64{id(7): 1})}, verify.Scores{NDCG10: 1, Recall10: 1}},
		{"the answer does not come", []verify.GoldenQuery{exact(7, map[string]float64{"absent": 1})}, verify.Scores{}},
		{
			"one of two",
			[]verify.GoldenQuery{exact(7, map[string]float64{id(7): 1, "absent": 1})},
			verify.Scores{NDCG10: 1 / (1 + 1/math.Log2(3)), Recall10: 0.5},
		},
		{
			"the less relevant of two",
			[]verify.GoldenQuery{exact(7, map[string]float64{id(7): 1, "absent": 3})},
			verify.Scores{NDCG10: 1 / (3 + 1/math.Log2(3)), Recall10: 0.5},
		},
		{
			"means",
			[]verify.GoldenQuery{exact(7, map[string]float64{id(7): 1}), exact(8, map[string]float64{"absent": 1})},
			verify.Scores{NDCG10: 0.5, Recall10: 0.5},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := verify.Score(t.Context(), tt.golden, s)
			require.NoError(t, err)
			require.InDelta(t, tt.want.NDCG10, got.NDCG10, 1e-12)
			require.InDelta(t, tt.want.Recall10, got.Recall10, 1e-12)
		})
	}
}

func TestCompareHoldsTheBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30)
	good := verify.Searchable{Generation: w.target, Embedder: w.embedder}
	poor := verify.Searchable{Generation: lossy{Generation: w.target, always: id(7)}, Embedder: w.embedder}
	golden := []verify.GoldenQuery{
		{ID: "a", Text: text(7), Relevant: map[string]float64{id(7): 1}},
		{ID: "b", Text: text(8), Relevant: map[string]float64{id(8): 1}},
	}
	for _, tt := range []struct {
		name          string
		before, after verify.Searchable
		bounds        verify.Bounds
		failed        string
	}{
		{"no bounds", good, poor, verify.Bounds{}, ""},
		{"reached", poor, good, verify.Bounds{MinNDCG: 1, MaxDrop: 0.01}, ""},
		{"too low", good, poor, verify.Bounds{MinNDCG: 0.6}, "nDCG@10 is 0.5000, min_ndcg asks for 0.6000"},
		{"falls", good, poor, verify.Bounds{MaxDrop: 0.2}, "nDCG@10 falls by 0.5000 from 1.0000, max_drop allows 0.2000"},
		{"falls as much as it may", good, poor, verify.Bounds{MaxDrop: 0.5}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q, err := verify.Compare(t.Context(), golden, &tt.before, tt.after, tt.bounds)
			require.NoError(t, err)
			require.Equal(t, 2, q.Queries)
			require.NotNil(t, q.Before)
			if tt.failed == "" {
				require.Empty(t, q.Failed)
				return
			}
			require.Equal(t, []string{tt.failed}, q.Failed)
		})
	}
	q, err := verify.Compare(t.Context(), golden, nil, good, verify.Bounds{})
	require.NoError(t, err)
	require.Nil(t, q.Before)
}

func TestScoreFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	golden := []verify.GoldenQuery{{ID: "a", Text: text(1), Relevant: map[string]float64{id(1): 1}}}
	for _, operation := range []string{"Embed", "Search"} {
		s := faulty.New(faulty.Fault{Operation: operation, Err: backends.ErrUnavailable})
		side := verify.Searchable{Generation: s.Generation(w.target), Embedder: s.Embedder(w.embedder)}
		_, err := verify.Score(t.Context(), golden, side)
		require.ErrorIs(t, err, backends.ErrUnavailable)
		good := verify.Searchable{Generation: w.target, Embedder: w.embedder}
		_, err = verify.Compare(t.Context(), golden, &side, good, verify.Bounds{})
		require.ErrorIs(t, err, backends.ErrUnavailable)
	}
	_, err := verify.Score(t.Context(), golden, verify.Searchable{Generation: w.target, Embedder: refusing{w.embedder, text(1)}})
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	require.ErrorContains(t, err, `golden query "a"`)
}
