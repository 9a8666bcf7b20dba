package activities

import (
	"context"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends/patient"
)

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
	report, err := verify.Sample(ctx, pair, patient.ForMany(o.embedder), verify.SampleOptions{
		ANN: o.index.Traits().ANN, BatchSize: job.BatchSize,
	})
	if err != nil || o.namespace.Golden == nil {
		return report, err
	}
	after := verify.Searchable{Generation: pair.Target, Embedder: patient.ForMany(o.embedder)}
	quality, err := a.compare(ctx, o, after)
	report.Quality = &quality
	return report, err
}
