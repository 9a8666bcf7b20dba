package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/reembed/reembed/backends"
)

// request sends one request and sits out short trouble: a throttled or
// unavailable embedder is asked again while the wait stays under PatienceMax in
// all. Longer waits are the caller's, who has more time. Once Stop is closed
// the trouble is not waited out: errStopped.
func (f *forward) request(ctx context.Context, texts []string) (backends.Embedding, error) {
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval = 100 * time.Millisecond
	left := f.o.PatienceMax
	for {
		answer, err := f.once(ctx, texts)
		if err == nil || !passing(err) {
			return answer, err
		}
		wait := max(backends.RetryAfter(err), pace.NextBackOff())
		if left -= wait; left < 0 {
			return answer, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-f.o.Stop:
			timer.Stop()
			return answer, errStopped
		case <-f.halt:
			timer.Stop()
			return answer, err
		case <-ctx.Done():
			timer.Stop()
			return answer, context.Cause(ctx)
		}
	}
}

func (f *forward) once(ctx context.Context, texts []string) (backends.Embedding, error) {
	rctx, cancel := context.WithTimeout(ctx, f.o.RequestTimeout)
	defer cancel()
	answer, err := f.pair.Embedder.Embed(rctx, backends.Document, texts)
	if err != nil && ctx.Err() == nil && rctx.Err() != nil {
		return answer, fmt.Errorf("%w: no answer within %s: %w", backends.ErrUnavailable, f.o.RequestTimeout, err)
	}
	return answer, err
}

// passing reports whether trouble may be over soon.
func passing(err error) bool {
	return errors.Is(err, backends.ErrThrottled) || errors.Is(err, backends.ErrUnavailable)
}
