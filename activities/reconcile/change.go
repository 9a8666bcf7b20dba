package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// writeTimeout bounds one write, so that the write of an attempt that was given
// up on can't arrive much later.
const writeTimeout = time.Minute

// change makes one change: behind the fence, and within writeTimeout.
func (o Options) change(ctx context.Context, do func(context.Context) error) error {
	wctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := o.fence(wctx)
	if err == nil {
		err = do(wctx)
	}
	if err != nil && ctx.Err() == nil && wctx.Err() != nil {
		return fmt.Errorf("%w: no answer within %s: %w", backends.ErrUnavailable, writeTimeout, err)
	}
	return err
}

func (o Options) fence(ctx context.Context) error {
	if o.Fence == nil {
		return nil
	}
	return o.Fence(ctx)
}
