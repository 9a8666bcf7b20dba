package activities

import (
	"context"
	"fmt"
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
