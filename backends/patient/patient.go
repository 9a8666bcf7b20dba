package patient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/reembed/reembed/backends"
)

// Options bound the patience with one request.
type Options struct {
	Waits   time.Duration // in all; a wait that would exceed it is not begun
	Request time.Duration // for one answer; later it counts as ErrUnavailable
	// Wait sits out d. Its error ends the request. nil: until ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
}

// firstWait is how long the first wait is about, where the embedder names none.
const firstWait = 100 * time.Millisecond

// Embed sends a request until it is answered, refused for good, or the patience
// is at its end; the last error is returned then.
func Embed(ctx context.Context, e backends.Embedder, purpose backends.Purpose, texts []string, o Options) (backends.Embedding, error) {
	wait := o.Wait
	if wait == nil {
		wait = sit
	}
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval = firstWait
	left := o.Waits
	for {
		answer, err := once(ctx, e, purpose, texts, o.Request)
		if err == nil || !passing(err) {
			return answer, err
		}
		next := max(backends.RetryAfter(err), pace.NextBackOff())
		if left -= next; left < 0 {
			return answer, err
		}
		if werr := wait(ctx, next); werr != nil {
			return answer, werr
		}
	}
}

func sit(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func once(ctx context.Context, e backends.Embedder, purpose backends.Purpose, texts []string, timeout time.Duration) (backends.Embedding, error) {
	rctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := e.Embed(rctx, purpose, texts)
	if err != nil && ctx.Err() == nil && rctx.Err() != nil {
		return answer, fmt.Errorf("%w: no answer within %s: %w", backends.ErrUnavailable, timeout, err)
	}
	return answer, err
}

// passing reports whether trouble may be over soon.
func passing(err error) bool {
	return errors.Is(err, backends.ErrThrottled) || errors.Is(err, backends.ErrUnavailable)
}

type embedder struct {
	backends.Embedder
	o Options
}

// Embedder returns e with patience in every request.
func Embedder(e backends.Embedder, o Options) backends.Embedder { return &embedder{e, o} }

// ForMany returns e for who asks it for much in one go: a hundred requests would
// hardly ever end well if the trouble of one threw all away. Each has a minute for
// its answer, and half a minute of waits.
func ForMany(e backends.Embedder) backends.Embedder {
	return Embedder(e, Options{Waits: 30 * time.Second, Request: time.Minute})
}

func (e *embedder) Unwrap() any { return e.Embedder }

func (e *embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	return Embed(ctx, e.Embedder, purpose, texts, e.o)
}
