package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/reembed/reembed/backends"
)

// topK is how many answers are compared: the measures are @10.
const topK = 10

// tie is how near scores count as equal: stores compute them in float32.
const tie = 1e-4

// exactReads is how many vectors the exact searches of a sample read together,
// about: with twenty searches whatever the size a third of a job's processor
// time went there.
const exactReads = 500_000

// exactSearches is how many searches a sample makes where each reads all records.
func exactSearches(records int64) int {
	return int(max(3, min(20, exactReads/max(1, records))))
}

// unfound returns those that a search by their own vector does not find. Where
// searches are approximate, a miss counts only when an exact search misses too.
func (p Pair) unfound(ctx context.Context, pairs []sampled, o SampleOptions) ([]sampled, error) {
	var lost []sampled
	for _, s := range pairs {
		found, err := p.findsItself(ctx, s.record, false)
		if err == nil && !found && o.ANN {
			found, err = p.findsItself(ctx, s.record, true)
		}
		if err != nil {
			return nil, fmt.Errorf("search by a stored vector: %w", err)
		}
		if !found {
			lost = append(lost, s)
		}
	}
	return lost, nil
}

// findsItself searches by a record's vector. The record may be crowded out by
// others that are at least as near: equal texts, or with the dot product longer
// vectors.
func (p Pair) findsItself(ctx context.Context, r backends.Record, exact bool) (bool, error) {
	hits, err := p.Target.Search(ctx, backends.Query{Vector: r.Vector, K: topK, Exact: exact})
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(hits, func(h backends.Hit) bool { return h.ID == r.ID }) {
		return true, nil
	}
	self := p.Model.Metric.Score(r.Vector, r.Vector)
	return len(hits) == topK && asNear(hits[topK-1].Score, self), nil
}

// asNear reports whether a score is at least another one, but for rounding.
func asNear(score, other float64) bool { return score >= other-tie*max(1, math.Abs(other)) }

// annRecall measures how many of the nearest ten an approximate search finds.
func (p Pair) annRecall(ctx context.Context, pairs []sampled, o SampleOptions, report *Report) error {
	var sum float64
	for _, s := range pairs {
		q := backends.Query{Vector: s.record.Vector, K: topK, Exact: true}
		exact, err := p.Target.Search(ctx, q)
		if err != nil {
			return fmt.Errorf("search exactly: %w", err)
		}
		q.Exact = false
		approx, err := p.Target.Search(ctx, q)
		if err != nil {
			return fmt.Errorf("search approximately: %w", err)
		}
		sum += recallOf(approx, exact)
	}
	recall := sum / float64(len(pairs))
	report.ANNRecall = &recall
	if recall < o.MinRecall {
		report.Found(Finding{Kind: ANN})
	}
	return nil
}

// recallOf counts the approximate hits that are as near as the exact ones: with
// ties the ids may differ.
func recallOf(approx, exact []backends.Hit) float64 {
	if len(exact) == 0 {
		return 1
	}
	last := exact[len(exact)-1].Score
	n := 0
	for _, h := range approx {
		if asNear(h.Score, last) {
			n++
		}
	}
	return float64(min(n, len(exact))) / float64(len(exact))
}
