package intercept_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

func (f *fakeSource) CaptureTraits() backends.CaptureTraits {
	return backends.CaptureTraits{Kind: backends.CaptureChangedAt}
}

func (f *fakeSource) Subscribe(ctx context.Context, consumer string) error {
	f.take(ctx, "subscribe", consumer)
	return nil
}

func (f *fakeSource) Changes(ctx context.Context, consumer string, after backends.Cursor, limit int) (backends.Changes, error) {
	f.take(ctx, consumer, after, limit)
	return backends.Changes{Items: []backends.Change{{ID: "a", Mark: "1"}, {ID: "b", Mark: "2"}}, Next: "2"}, nil
}

func (f *fakeSource) Acknowledge(ctx context.Context, consumer string, done []backends.Change) error {
	f.take(ctx, consumer, done)
	return nil
}

func (f *fakeSource) Unsubscribe(ctx context.Context, consumer string) error {
	f.take(ctx, "unsubscribe", consumer)
	return nil
}

func (f *fakeSource) Consumers(ctx context.Context) ([]backends.Consumer, error) {
	f.take(ctx)
	return []backends.Consumer{{Name: "c", Pending: 4}}, nil
}

func (f *fakeGeneration) UpsertCurrent(ctx context.Context, records []backends.Record) ([]string, error) {
	f.take(ctx, records)
	return []string{"b"}, nil
}

func (f *fakeGeneration) DeleteAbsent(ctx context.Context, ids []string) ([]string, error) {
	f.take(ctx, ids)
	return []string{"a"}, nil
}

func pass(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
	_, err := next(ctx)
	return err
}

// A decorator that had every ability by itself would have a job wait for changes
// of a source that tells none.
func TestAbilitiesAreThoseOfWhatIsWrapped(t *testing.T) {
	t.Parallel()
	able := intercept.Source(intercept.Source(&fakeSource{notes: &notes{}}, pass), pass)
	c, ok := backends.As[backends.Capture](able)
	require.True(t, ok)
	require.Equal(t, backends.CaptureChangedAt, c.CaptureTraits().Kind)
	_, ok = backends.As[*fakeSource](able)
	require.True(t, ok)
	plain := intercept.Source(struct{ backends.Source }{&fakeSource{}}, pass)
	_, ok = backends.As[backends.Capture](plain)
	require.False(t, ok)
	g := intercept.Generation(struct{ backends.Generation }{&fakeGeneration{}}, pass)
	_, ok = backends.As[backends.ConditionalWriter](g)
	require.False(t, ok)
}
