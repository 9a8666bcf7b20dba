package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/patient"
	"github.com/reembed/reembed/backends/route"
)

// FinishIndex builds the ANN index of the target generation, where the store has one.
func (a *Activities) FinishIndex(ctx context.Context, job Job) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.finishIndex(ctx, job))
}

func (a *Activities) finishIndex(ctx context.Context, job Job) error {
	o, err := a.open(ctx, job)
	if err != nil {
		return err
	}
	if err := o.fence(ctx); err != nil {
		return err
	}
	if err := o.index.Finish(ctx, job.Locator); err != nil {
		return fmt.Errorf("finish generation %s: %w", job.Locator, err)
	}
	return nil
}

// VerifySamples embeds a sample again, measures ANN recall, and asks the golden
// queries. It looks at a few hundred records, not at all.
func (a *Activities) VerifySamples(ctx context.Context, job Job) (Verification, error) {
	_, stop := beat(ctx)
	defer stop()
	report, err := a.verifySamples(ctx, job)
	return report, failed(ctx, err)
}

func (a *Activities) verifySamples(ctx context.Context, job Job) (Verification, error) {
	o, err := a.open(ctx, job)
	if err != nil {
		return Verification{}, err
	}
	pair, err := o.verifyPair(ctx)
	if err != nil {
		return Verification{}, err
	}
	report, err := verify.Sample(ctx, pair, patiently(o.embedder), verify.SampleOptions{
		ANN: o.index.Traits().ANN, BatchSize: job.BatchSize,
	})
	if err != nil || o.namespace.Golden == nil {
		return report, err
	}
	after := verify.Searchable{Generation: pair.Target, Embedder: patiently(o.embedder)}
	quality, err := a.compare(ctx, o, after)
	report.Quality = &quality
	return report, err
}

// patiently asks an embedder for much in one go: a hundred requests would hardly
// ever end well if the trouble of one threw all away.
func patiently(e backends.Embedder) backends.Embedder {
	return patient.Embedder(e, patient.Options{Waits: 30 * time.Second, Request: time.Minute})
}

// compare scores the target against the active generation, where there is
// another one whose model this catalog still has.
func (a *Activities) compare(ctx context.Context, o opened, after verify.Searchable) (verify.Quality, error) {
	gold := o.namespace.Golden
	queries, err := verify.ReadGolden(gold.Queries, gold.Qrels)
	if err != nil {
		return verify.Quality{}, err
	}
	bounds := verify.Bounds{MinNDCG: gold.MinNDCG, MaxDrop: gold.MaxDrop}
	now, err := route.Get(ctx, o.registry, o.job.Namespace)
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return verify.Compare(ctx, queries, nil, after, bounds)
	case err != nil:
		return verify.Quality{}, err
	case now.Locator == o.job.Locator:
		return verify.Compare(ctx, queries, nil, after, bounds)
	}
	before, err := searchable(ctx, a.World, o.index, now)
	if err != nil && !errors.Is(err, backends.ErrNotFound) && !errors.Is(err, errCatalogMismatch) {
		return verify.Quality{}, err
	}
	if err != nil { // the former model is gone: a drop can't be measured
		q, qerr := verify.Compare(ctx, queries, nil, after, bounds)
		if bounds.MaxDrop > 0 {
			q.Failed = append(q.Failed, "max_drop can't be checked: "+err.Error())
		}
		return q, qerr
	}
	return verify.Compare(ctx, queries, &before, after, bounds)
}
