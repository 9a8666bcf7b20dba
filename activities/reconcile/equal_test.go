package reconcile_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/stores/memory"
)

func (w *world) fillEqual(n, different int) {
	w.t.Helper()
	items := make([]backends.Item, n)
	for i := range items {
		items[i] = item(fmt.Sprintf("id-%03d", i), fmt.Sprintf("text %d", i%different))
	}
	w.put(items...)
}

// Whether an equal text comes while the first is on its way, or after it was
// written, is a matter of time: both ways are forced here.
func TestEqualTextsAreEmbeddedOnce(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 2, 8} {
		for _, memoryBytes := range []int64{1, onePage, 0} {
			t.Run(fmt.Sprintf("concurrency %d, memory %d", concurrency, memoryBytes), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, memory.Config{})
				w.fillEqual(90, 5)
				o := w.options()
				o.Concurrency, o.MemoryBytes = concurrency, memoryBytes
				got, err := w.forward(o)
				require.NoError(t, err)
				require.EqualValues(t, 5, got.Counts.Embedded)
				require.EqualValues(t, 85, got.Counts.Shared)
				require.EqualValues(t, 90, got.Counts.Written)
				for text, n := range w.embedder.texts {
					require.Equal(t, 1, n, text)
				}
				w.requireRight()
			})
		}
	}
}

// The record of the first of equal texts may be gone when later ones want its
// vector: they are embedded again, within the limits and once for each text.
func TestEqualTextWhoseRecordIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fillEqual(16, 8) // a page of eight, and the same texts once more
	w.put(item("id-016", "text 0"), item("id-017", "text 0"))
	script := faulty.New(faulty.Fault{Operation: "Fetch", Do: func(ctx context.Context, _ faulty.Call) error {
		ids := make([]string, 8)
		for i := range ids {
			ids[i] = fmt.Sprintf("id-%03d", i)
		}
		return w.target.Delete(ctx, ids)
	}})
	pair := w.pair()
	pair.Target = script.Generation(w.target)
	w.embedder.limits.Inputs = 3
	o := w.options()
	o.Concurrency, o.MemoryBytes = 1, onePage
	got, err := forwardPair(t, pair, o)
	require.NoError(t, err)
	require.True(t, got.Done)
	require.NotZero(t, script.Struck())
	for _, n := range w.embedder.requests {
		require.LessOrEqual(t, n, 3)
	}
	for text, n := range w.embedder.texts {
		require.LessOrEqual(t, n, 3, text)
	}

	_, err = w.forward(w.options()) // what was deleted from under the run
	require.NoError(t, err)
	w.requireRight()
}

// A refused text is refused for all items that have it, whenever they come, and
// is not paid for again.
func TestEqualTextsOfARefusedOne(t *testing.T) {
	t.Parallel()
	for _, memoryBytes := range []int64{onePage, 0} {
		t.Run(fmt.Sprintf("memory %d", memoryBytes), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(24)
			for _, i := range []int{0, 1, 9, 17, 23} {
				w.put(item(fmt.Sprintf("id-%03d", i), "bad text"))
			}
			asked := 0
			w.embedder.before = func(_ context.Context, texts []string) error {
				if len(texts) == 1 && texts[0] == "bad text" {
					asked++
				}
				return nil
			}
			o := w.options()
			o.Concurrency, o.MemoryBytes = 1, memoryBytes
			got, err := w.forward(o)
			require.NoError(t, err)
			require.EqualValues(t, 5, got.Counts.Quarantined)
			require.Len(t, w.quarantined, 5)
			require.Equal(t, 1, asked)
			w.requireRight()
		})
	}
}
