package catalog

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// The fake embedder answers with vectors of no dimensions, whatever is declared.
func TestCheckAsksEmbeddersForVectorsAsDeclared(t *testing.T) {
	t.Parallel()
	w := worldWith(func(context.Context) (Store, error) { return &fakeStore{}, nil }, Decorators{})
	levels, errs := map[string]Level{}, map[string]error{}
	for _, f := range Check(t.Context(), w) {
		levels[f.Key], errs[f.Key] = f.Level, f.Err
	}
	require.Equal(t, map[string]Level{
		"stores.main": OK, "models.small": Bad,
		"namespaces.docs.source": Bad, "namespaces.docs.index": Bad, "namespaces.docs.route": Bad,
	}, levels)
	require.ErrorIs(t, errs["models.small"], backends.ErrDimension)
	require.ErrorIs(t, errs["namespaces.docs.index"], backends.ErrUnsupported)
}

func TestCheckWaitsForNobodyForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := worldWith(func(ctx context.Context) (Store, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, Decorators{})
		began := time.Now()
		found := Check(t.Context(), w)
		require.Equal(t, 15*time.Second, time.Since(began))
		require.Equal(t, "stores.main", found[0].Key)
		require.ErrorIs(t, found[0].Err, context.DeadlineExceeded)
		require.Len(t, found, 2, "of the store's namespaces nothing is asked; the model is")
	})
}
