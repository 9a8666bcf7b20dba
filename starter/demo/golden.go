package demo

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/starter/environ"
)

// exam asks all golden queries the way an application would, with the pair that
// the route names, and returns the scores.
func exam(ctx context.Context, h home, env environ.List) (verify.Scores, int, error) {
	queries, err := verify.ReadGolden(h.queries, h.qrels)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	world, err := h.open(env)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	defer world.Close()
	registry, err := world.Registry(ctx, namespace)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	now, err := route.Get(ctx, registry, namespace)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	index, err := world.Index(ctx, namespace)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	generation, err := index.Open(ctx, now.Locator)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	embedder, err := world.Embedder(now.Model)
	if err != nil {
		return verify.Scores{}, 0, err
	}
	scores, err := verify.Score(ctx, queries, verify.Searchable{Generation: generation, Embedder: embedder})
	return scores, len(queries), err
}

// search asks the golden queries, and shows the answer to one.
func (d *demo) search(ctx context.Context) error {
	scores, n, err := exam(ctx, d.home, d.crew.env)
	if err != nil {
		return fmt.Errorf("ask the golden queries: %w", err)
	}
	d.say("%d questions with known answers: nDCG@10 %.3f, recall@10 %.3f. One of them:", n, scores.NDCG10, scores.Recall10)
	return d.run(ctx, "search", namespace, question, "-k", "3")
}
