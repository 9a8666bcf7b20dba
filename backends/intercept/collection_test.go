package intercept_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// fakeCollection answers something that is not zero.
type fakeCollection struct{ *fakeGeneration }

func (f *fakeCollection) Held(ctx context.Context, ids []string) (map[string]backends.Held, error) {
	f.take(ctx, ids)
	return map[string]backends.Held{"a": {ID: "a"}}, nil
}

func (f *fakeCollection) UpsertOver(ctx context.Context, records []backends.Record, seen map[string]string) ([]string, error) {
	f.take(ctx, records, seen)
	return []string{"a"}, nil
}

func (f *fakeCollection) DeleteOver(ctx context.Context, seen map[string]string) ([]string, error) {
	f.take(ctx, seen)
	return []string{"a"}, nil
}

func (f *fakeCollection) SetBases(ctx context.Context, bases map[string]backends.Base, seen map[string]string) error {
	f.take(ctx, bases, seen)
	return nil
}

// TestCollectionsAreIntercepted guards an ability that would pass by the
// decorators, were it found behind them.
func TestCollectionsAreIntercepted(t *testing.T) {
	t.Parallel()
	seen := map[string]string{"a": "1"}
	bases := map[string]backends.Base{"a": {With: "x"}, "b": {}}
	for operation, tt := range map[string]struct {
		items int
		args  []any
		do    func(context.Context, backends.Collection) (any, error)
	}{
		"Held": {3, []any{ids}, func(ctx context.Context, c backends.Collection) (any, error) { return c.Held(ctx, ids) }},
		"UpsertOver": {2, []any{records, seen}, func(ctx context.Context, c backends.Collection) (any, error) {
			return c.UpsertOver(ctx, records, seen)
		}},
		"DeleteOver": {1, []any{seen}, func(ctx context.Context, c backends.Collection) (any, error) { return c.DeleteOver(ctx, seen) }},
		"SetBases": {2, []any{bases, seen}, func(ctx context.Context, c backends.Collection) (any, error) {
			return nil, c.SetBases(ctx, bases, seen)
		}},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			n, lost := &notes{}, error(nil)
			var got []intercept.Call
			g := intercept.Generation(&fakeCollection{&fakeGeneration{n}}, func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
				got = append(got, call)
				_, err := next(ctx)
				return errors.Join(err, lost)
			})
			c, ok := backends.As[backends.Collection](g)
			require.True(t, ok)
			_, err := tt.do(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, []intercept.Call{{Role: "generation", Operation: operation, Items: tt.items}}, got)
			require.Equal(t, tt.args, n.args)

			lost = errors.New("lost")
			answer, err := tt.do(t.Context(), c)
			require.ErrorIs(t, err, lost)
			if answer != nil {
				require.Empty(t, answer, "no answer beside an error")
			}
		})
	}
	_, ok := backends.As[backends.Collection](intercept.Generation(&fakeGeneration{}, nil))
	require.False(t, ok, "what is none does not become one")
}
