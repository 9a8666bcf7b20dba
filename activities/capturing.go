package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
)

// capture is how the source tells what changed; nil where it does not, and in a
// self-contained namespace. The consumer is named after the job's target.
func (o opened) capture() backends.Capture {
	if o.job.Source != "" {
		return nil
	}
	c, _ := backends.As[backends.Capture](o.source)
	return c
}

// Subscribe has the changes kept from now on for the generation that the job
// fills, also where they were lost. It returns nil where the source does not tell
// what changed. Idempotent.
func (a *Activities) Subscribe(ctx context.Context, job Job) (*Capturing, error) {
	_, stop := beat(ctx)
	defer stop()
	o, err := a.open(ctx, job)
	if err == nil {
		err = o.fence(ctx)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	how, err := o.subscribe(ctx)
	return how, failed(ctx, err)
}

func (o opened) subscribe(ctx context.Context) (*Capturing, error) {
	c := o.capture()
	if c == nil {
		return nil, nil
	}
	err := c.Subscribe(ctx, o.job.Locator)
	if errors.Is(err, backends.ErrUnsupported) { // by this table, or this server: passes over everything do
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to changes: %w", err)
	}
	t := c.CaptureTraits()
	return &Capturing{Kind: t.Kind, Deletes: t.Deletes}, nil
}

// Unsubscribe ends what Subscribe began, if the job still holds the namespace:
// whoever took it goes on with what is kept.
func (a *Activities) Unsubscribe(ctx context.Context, job Job) error {
	o, err := a.open(ctx, job)
	if err == nil {
		err = o.fence(ctx)
	}
	if c := o.capture(); err == nil && c != nil {
		if err = c.Unsubscribe(ctx, job.Locator); err != nil {
			err = fmt.Errorf("unsubscribe from changes: %w", err)
		}
	}
	return failed(ctx, err)
}

// changed syncs what the source tells the job's consumer; CHANGES_LOST where it
// does not tell it any more.
func (o opened) changed(ctx context.Context, p reconcile.Pair, after backends.Cursor, opts reconcile.Options) (reconcile.Result, error) {
	c := o.capture()
	if c == nil {
		return reconcile.Result{Cursor: after}, errNoCapture
	}
	return reconcile.Changed(ctx, p, c, o.job.Locator, after, opts)
}

// errNoCapture: the catalog of this worker has no capture any more.
var errNoCapture = fmt.Errorf("%w: the source tells no changes any more", backends.ErrChangesLost)

// pending is how many changes wait for the job's target; 0 where they are not counted.
func (o opened) pending(ctx context.Context) (int64, error) {
	c := o.capture()
	if c == nil {
		return 0, errNoCapture
	}
	all, err := c.Consumers(ctx)
	if err != nil {
		return 0, fmt.Errorf("count changes: %w", err)
	}
	for _, one := range all {
		if one.Name == o.job.Locator {
			return max(0, one.Pending), nil
		}
	}
	return 0, nil // lost: reading them says so
}
