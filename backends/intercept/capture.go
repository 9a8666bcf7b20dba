package intercept

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// capturing is a source that can tell what changed. A source that can't is never
// wrapped in one: what a decorated source can do is what it can do without.
type capturing struct {
	*source
	capture backends.Capture
}

var _ backends.Capture = (*capturing)(nil)

func (c *capturing) CaptureTraits() backends.CaptureTraits { return c.capture.CaptureTraits() }

func (c *capturing) Subscribe(ctx context.Context, consumer string) error {
	return act(ctx, c.in, Call{RoleSource, "Subscribe", 0}, func(ctx context.Context) error {
		return c.capture.Subscribe(ctx, consumer)
	})
}

func (c *capturing) Changes(ctx context.Context, consumer string, after backends.Cursor, limit int) (backends.Changes, error) {
	returned := func(page backends.Changes) int { return len(page.Items) }
	return run(ctx, c.in, Call{RoleSource, "Changes", 0}, returned, func(ctx context.Context) (backends.Changes, error) {
		return c.capture.Changes(ctx, consumer, after, limit)
	})
}

func (c *capturing) Acknowledge(ctx context.Context, consumer string, done []backends.Change) error {
	return act(ctx, c.in, Call{RoleSource, "Acknowledge", len(done)}, func(ctx context.Context) error {
		return c.capture.Acknowledge(ctx, consumer, done)
	})
}

func (c *capturing) Unsubscribe(ctx context.Context, consumer string) error {
	return act(ctx, c.in, Call{RoleSource, "Unsubscribe", 0}, func(ctx context.Context) error {
		return c.capture.Unsubscribe(ctx, consumer)
	})
}

func (c *capturing) Consumers(ctx context.Context) ([]backends.Consumer, error) {
	return run(ctx, c.in, Call{RoleSource, "Consumers", 0}, length, c.capture.Consumers)
}

// conditional is a generation that can write what is still so, under the rule of capturing.
type conditional struct {
	*generation
	writer backends.ConditionalWriter
}

var _ backends.ConditionalWriter = (*conditional)(nil)

func (c *conditional) UpsertCurrent(ctx context.Context, records []backends.Record) ([]string, error) {
	return run(ctx, c.in, Call{RoleGeneration, "UpsertCurrent", len(records)}, nil, func(ctx context.Context) ([]string, error) {
		return c.writer.UpsertCurrent(ctx, records)
	})
}

func (c *conditional) DeleteAbsent(ctx context.Context, ids []string) ([]string, error) {
	return run(ctx, c.in, Call{RoleGeneration, "DeleteAbsent", len(ids)}, nil, func(ctx context.Context) ([]string, error) {
		return c.writer.DeleteAbsent(ctx, ids)
	})
}
