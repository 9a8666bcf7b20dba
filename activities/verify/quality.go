package verify

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/reembed/reembed/backends"
)

// Searchable is a generation with the embedder of its model: what a query needs.
type Searchable struct {
	Generation backends.Generation
	Embedder   backends.Embedder
}

// Bounds are what a model has to reach on the golden queries; 0 means no bound.
type Bounds struct {
	MinNDCG float64 // nDCG@10
	MaxDrop float64 // of nDCG@10 against the model before
}

// Score asks the golden queries, exactly as an application would, and returns
// the means of nDCG@10 and recall@10.
//
// nDCG is as trec_eval computes it (Järvelin and Kekäläinen 2002, with linear
// gains): the sum of relevance / log2(rank+1) over the first ten answers,
// divided by that of the best possible order. Recall is the share of the
// relevant documents that are among the first ten.
func Score(ctx context.Context, golden []GoldenQuery, s Searchable) (Scores, error) {
	texts := make([]string, len(golden))
	for i, q := range golden {
		texts[i] = q.Text
	}
	vectors, err := embedAll(ctx, s.Embedder, backends.SearchQuery, texts, 100)
	if err != nil {
		return Scores{}, fmt.Errorf("embed golden queries: %w", err)
	}
	var sum Scores
	for i, q := range golden {
		if vectors[i] == nil {
			return Scores{}, fmt.Errorf("%w: the model refuses golden query %q", backends.ErrInvalidInput, q.ID)
		}
		hits, err := s.Generation.Search(ctx, backends.Query{Vector: vectors[i], K: topK})
		if err != nil {
			return Scores{}, fmt.Errorf("ask golden query %q: %w", q.ID, err)
		}
		sum.NDCG10 += ndcg(hits, q.Relevant)
		sum.Recall10 += recall(hits, q.Relevant)
	}
	n := float64(len(golden))
	return Scores{NDCG10: sum.NDCG10 / n, Recall10: sum.Recall10 / n}, nil
}

// Compare scores the new model, and the one before where there is one, and says
// in words which bounds are not met.
func Compare(ctx context.Context, golden []GoldenQuery, before *Searchable, after Searchable, b Bounds) (Quality, error) {
	q := Quality{Queries: len(golden)}
	var err error
	if q.After, err = Score(ctx, golden, after); err != nil {
		return q, err
	}
	if b.MinNDCG > 0 && q.After.NDCG10 < b.MinNDCG {
		q.Failed = append(q.Failed, fmt.Sprintf("nDCG@10 is %.4f, min_ndcg asks for %.4f", q.After.NDCG10, b.MinNDCG))
	}
	if before == nil {
		return q, nil
	}
	scores, err := Score(ctx, golden, *before)
	if err != nil {
		return q, fmt.Errorf("the model before: %w", err)
	}
	q.Before = &scores
	if drop := scores.NDCG10 - q.After.NDCG10; b.MaxDrop > 0 && drop > b.MaxDrop {
		q.Failed = append(q.Failed, fmt.Sprintf("nDCG@10 falls by %.4f from %.4f, max_drop allows %.4f", drop, scores.NDCG10, b.MaxDrop))
	}
	return q, nil
}

func ndcg(hits []backends.Hit, relevant map[string]float64) float64 {
	var got float64
	for i, h := range hits {
		got += relevant[h.ID] / math.Log2(float64(i)+2)
	}
	gains := make([]float64, 0, len(relevant))
	for _, r := range relevant {
		gains = append(gains, r)
	}
	slices.SortFunc(gains, func(a, b float64) int { return cmp.Compare(b, a) })
	var best float64
	for i, r := range gains[:min(topK, len(gains))] {
		best += r / math.Log2(float64(i)+2)
	}
	return got / best
}

func recall(hits []backends.Hit, relevant map[string]float64) float64 {
	var found float64
	for _, h := range hits {
		if relevant[h.ID] > 0 {
			found++
		}
	}
	return found / float64(len(relevant))
}
