package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
)

func forwardPair(t *testing.T, p reconcile.Pair, o reconcile.Options) (reconcile.Result, error) {
	t.Helper()
	return reconcile.Forward(t.Context(), p, backends.Range{}, "", o)
}

func TestARefusedBatchIsSplitUntilTheBadItemStandsAlone(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]int{{0}, {7}, {3, 4}, {0, 1, 2, 3, 4, 5, 6, 7}} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(8)
			for _, i := range bad {
				w.put(item(fmt.Sprintf("id-%03d", i), fmt.Sprintf("bad %d", i)))
			}
			o := w.options()
			o.BatchSize = 8
			got, err := w.forward(o)
			require.NoError(t, err)
			require.True(t, got.Done)
			require.EqualValues(t, len(bad), got.Counts.Quarantined)
			require.EqualValues(t, 8-len(bad), got.Counts.Written)
			require.Len(t, w.quarantined, len(bad))
			for text, n := range w.embedder.texts {
				require.Equal(t, 1, n, "%q was paid for more than once", text)
			}
			w.requireRight()
		})
	}
}

func TestVectorsThatMustNotBeStored(t *testing.T) {
	t.Parallel()
	t.Run("a NaN that does not come again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, memory.Config{})
		w.put(item("a", "x"), item("b", "flaky"), item("c", "y"))
		got, err := w.forward(w.options())
		require.NoError(t, err)
		require.EqualValues(t, 3, got.Counts.Written)
		require.Empty(t, w.quarantined)
		w.requireRight()
	})
	t.Run("a NaN that stays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, memory.Config{})
		w.put(item("a", "x"), item("b", "broken"), item("c", "y"))
		got, err := w.forward(w.options())
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Counts.Written)
		require.Contains(t, w.quarantined, "b")
		w.requireRight()
	})
	for _, tt := range []struct {
		name    string
		vectors [][]float32
		want    error
	}{
		{"another length", [][]float32{{1, 0, 0}}, backends.ErrDimension},
		{"too many", [][]float32{vectorOf("a"), vectorOf("b")}, backends.ErrInvalidVector},
		{"none", nil, backends.ErrInvalidVector},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.put(item("a", "x"))
			pair := w.pair()
			pair.Embedder = fixed{w.embedder, tt.vectors}
			got, err := forwardPair(t, pair, w.options())
			require.ErrorIs(t, err, tt.want)
			require.False(t, got.Done)
			require.Zero(t, got.Counts.Written)
			require.Equal(t, []string{"missing a"}, w.wrong())
		})
	}
}

// fixed answers whatever it was given.
type fixed struct {
	*embedder
	vectors [][]float32
}

func (f fixed) Embed(context.Context, backends.Purpose, []string) (backends.Embedding, error) {
	return backends.Embedding{Vectors: f.vectors}, nil
}

func TestKnownRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.put(item("same", "bad one"), item("mended", "sound now"), item("current", "sound too"), item("other", "x"))
	w.stored("current", "sound too", testModel.Fingerprint())
	o := w.options()
	o.Known = map[string]string{
		"same":    backends.ContentHash("bad one"),
		"mended":  backends.ContentHash("bad before"),
		"current": backends.ContentHash("bad before"), // its record was written, and the worker died
	}
	for id, content := range o.Known {
		w.quarantined[id] = content
	}
	told := 0
	o.Quarantine = func(context.Context, reconcile.Refusal) error { told++; return nil }
	got, err := w.forward(o)
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Counts.Quarantined)
	require.Zero(t, told, "what is known is not told again")
	require.NotContains(t, w.embedder.texts, "bad one")
	require.ElementsMatch(t, []string{"mended", "current"}, w.recovered)
	for _, id := range w.recovered {
		delete(w.quarantined, id)
	}
	w.requireRight()
}

func TestARefusalThatNobodyTakesEndsTheRun(t *testing.T) {
	t.Parallel()
	errFull := errors.New("full")
	for _, tt := range []struct {
		name string
		take func(context.Context, reconcile.Refusal) error
		want error
	}{
		{"nobody", nil, backends.ErrInvalidInput},
		{"an error", func(context.Context, reconcile.Refusal) error { return errFull }, errFull},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(20)
			w.put(item("id-000", "bad")) // the first page can't be done
			o := w.options()
			o.Quarantine = tt.take
			got, err := w.forward(o)
			require.ErrorIs(t, err, tt.want)
			require.Empty(t, got.Cursor)
			require.Zero(t, got.Counts.Quarantined)
		})
	}
}

func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.put(item("a", "bad"))
	w.embedder.before = func(context.Context, []string) error {
		return fmt.Errorf("%w: %s", backends.ErrInvalidInput, strings.Repeat("ö", 5000))
	}
	o := w.options()
	var reason string
	o.Quarantine = func(_ context.Context, r reconcile.Refusal) error { reason = r.Reason; return nil }
	_, err := w.forward(o)
	require.NoError(t, err)
	require.LessOrEqual(t, len(reason), 300)
	require.NotContains(t, reason, "\uFFFD")
	require.Contains(t, reason, "invalid input")
}
