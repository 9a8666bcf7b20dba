package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// change makes one change: behind the fence, and within WriteTimeout, so that the
// write of an attempt that was given up on can't arrive much later.
func (o Options) change(ctx context.Context, do func(context.Context) error) error {
	wctx, cancel := context.WithTimeout(ctx, o.WriteTimeout)
	defer cancel()
	err := o.fence(wctx)
	if err == nil {
		err = do(wctx)
	}
	if err != nil && ctx.Err() == nil && wctx.Err() != nil {
		return fmt.Errorf("%w: no answer within %s: %w", backends.ErrUnavailable, o.WriteTimeout, err)
	}
	return err
}

func (o Options) fence(ctx context.Context) error {
	if o.Fence == nil {
		return nil
	}
	return o.Fence(ctx)
}
