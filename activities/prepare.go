package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// Prepare creates the target generation, or goes on from what a former job
// left, has changes kept for it where the source can tell them, and keeps the
// target model's canaries where there are none. Idempotent.
func (a *Activities) Prepare(ctx context.Context, job Job) (Prepared, error) {
	_, stop := beat(ctx)
	defer stop()
	p, err := a.prepare(ctx, job)
	return p, failed(ctx, err)
}

func (a *Activities) prepare(ctx context.Context, job Job) (Prepared, error) {
	o, err := a.open(ctx, job)
	if err != nil {
		return Prepared{}, err
	}
	if err := o.fence(ctx); err != nil {
		return Prepared{}, err
	}
	g, err := o.index.Create(ctx, backends.SpecOf(o.model, job.Locator))
	if err != nil {
		return Prepared{}, fmt.Errorf("create generation %s: %w", job.Locator, err)
	}
	first, err := g.ReadStamps(ctx, backends.Range{}, "", backends.PageLimit{Items: 1})
	if err != nil {
		return Prepared{}, fmt.Errorf("look into generation %s: %w", job.Locator, err)
	}
	found := Prepared{Fresh: len(first.Items) == 0 && first.Done}
	l, err := records.GetLease(ctx, o.registry, job.Namespace)
	if err != nil {
		return Prepared{}, err
	}
	if l.Seized {
		found.Late = o.writeTimeout()
	}
	if found.Capture, err = o.subscribe(ctx); err != nil {
		return Prepared{}, err
	}
	return found, keepCanaries(ctx, o.registry, o.embedder)
}
