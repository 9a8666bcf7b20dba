package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Prepare creates the target generation, or goes on from what a former job
// left, and keeps the target model's canaries where there are none. Idempotent.
func (a *Activities) Prepare(ctx context.Context, job Job) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.prepare(ctx, job))
}

func (a *Activities) prepare(ctx context.Context, job Job) error {
	o, err := a.open(ctx, job)
	if err != nil {
		return err
	}
	if err := o.fence(ctx); err != nil {
		return err
	}
	if _, err := o.index.Create(ctx, backends.SpecOf(o.model, job.Locator)); err != nil {
		return fmt.Errorf("create generation %s: %w", job.Locator, err)
	}
	return keepCanaries(ctx, o.registry, o.embedder)
}
