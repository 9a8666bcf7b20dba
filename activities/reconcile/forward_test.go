package reconcile_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
)

func TestForwardMakesTheGenerationRight(t *testing.T) {
	t.Parallel()
	ours := testModel.Fingerprint()
	for _, tt := range []struct {
		name   string
		config memory.Config
		given  func(w *world)
		want   reconcile.Counts
	}{
		{"an empty source", memory.Config{}, func(w *world) {
			w.put(item("a", "x"))
			require.NoError(w.t, w.source.DeleteItems(w.t.Context(), []string{"a"}))
		}, reconcile.Counts{}},
		{
			"an empty generation",
			memory.Config{},
			func(w *world) { w.fill(21) },
			reconcile.Counts{Scanned: 21, Embedded: 21, Written: 21, Requests: 6, Tokens: 42},
		},
		{
			"nothing to do",
			memory.Config{},
			func(w *world) { w.put(item("a", "x")); w.stored("a", "x", ours) },
			reconcile.Counts{Scanned: 1, Current: 1},
		},
		{
			"a changed text",
			memory.Config{},
			func(w *world) {
				w.put(item("a", "new"), item("b", "x"))
				w.stored("a", "old", ours)
				w.stored("b", "x", ours)
			},
			reconcile.Counts{Scanned: 2, Current: 1, Embedded: 1, Written: 1, Requests: 1, Tokens: 2},
		},
		{
			"a record of another model",
			memory.Config{},
			func(w *world) { w.put(item("a", "x")); w.stored("a", "x", "another") },
			reconcile.Counts{Scanned: 1, Embedded: 1, Written: 1, Requests: 1, Tokens: 2},
		},
		{
			"a copied payload that changed keeps its vector",
			memory.Config{CopiesPayload: true},
			func(w *world) {
				w.put(backends.Item{ID: "a", Text: "x", Payload: []byte("new")})
				w.stored("a", "x", ours)
			},
			reconcile.Counts{Scanned: 1, PayloadOnly: 1},
		},
		{
			"a payload that is not copied is nobody's business",
			memory.Config{},
			func(w *world) {
				w.put(backends.Item{ID: "a", Text: "x", Payload: []byte("new")})
				w.stored("a", "x", ours)
			},
			reconcile.Counts{Scanned: 1, Current: 1},
		},
		{
			"items without a sound text",
			memory.Config{},
			func(w *world) {
				w.put(item("a", ""), backends.Item{ID: "b", Defect: "NULL text"}, item("c", "x"))
				w.stored("b", "former", ours)
			},
			reconcile.Counts{Scanned: 3, Quarantined: 2, Embedded: 1, Written: 1, Requests: 1, Tokens: 2},
		},
		{
			"an item that lost its sound text after it was embedded",
			memory.Config{},
			func(w *world) { w.put(backends.Item{ID: "a", Text: "x", Defect: "too long"}); w.stored("a", "x", ours) },
			reconcile.Counts{Scanned: 1, Quarantined: 1},
		},
		{
			"a refused text's former record goes",
			memory.Config{},
			func(w *world) { w.put(item("a", "bad"), item("b", "x")); w.stored("a", "former", ours) },
			reconcile.Counts{Scanned: 2, Quarantined: 1, Embedded: 1, Written: 1, Requests: 1, Tokens: 2},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.config)
			tt.given(w)
			got, err := w.forward(w.options())
			require.NoError(t, err)
			require.True(t, got.Done)
			require.Equal(t, tt.want, got.Counts)
			w.requireRight()

			got, err = w.forward(w.options())
			require.NoError(t, err)
			require.Zero(t, got.Counts.Dirty(), "a second run finds nothing to do: %+v", got.Counts)
		})
	}
}

func TestForwardStaysInItsRange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(30)
	keys, err := w.source.Split(t.Context(), "", 10, 10)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	got, err := reconcile.Forward(t.Context(), w.pair(), backends.Range{From: keys[0], To: keys[1]}, "", w.options())
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 10, got.Counts.Written)
	require.Len(t, w.wrong(), 20)
}

// Each hand-back's cursor is a place to go on from, and what is behind it is right.
func TestForwardGoesOnFromAnyCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(50)
	o := w.options()
	o.MaxItems = 8
	var total reconcile.Counts
	var cursor backends.Cursor
	for rounds := 1; ; rounds++ {
		got, err := reconcile.Forward(t.Context(), w.pair(), backends.Range{}, cursor, o)
		require.NoError(t, err)
		total.Add(got.Counts)
		if got.Done {
			require.Equal(t, 7, rounds)
			break
		}
		require.NotEqual(t, cursor, got.Cursor)
		require.EqualValues(t, 8, got.Counts.Scanned)
		cursor = got.Cursor
	}
	require.EqualValues(t, 50, total.Scanned)
	require.EqualValues(t, 50, total.Embedded)
	w.requireRight()
}

func TestForwardMovesTheWatermarkOverTheContiguousPrefixOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(24)
	first := make(chan struct{}) // held back until all others are written
	w.embedder.before = func(ctx context.Context, texts []string) error {
		if texts[0] != "text 000" {
			return nil
		}
		select {
		case <-first:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o := w.options()
	var mu sync.Mutex
	o.Report = func(r reconcile.Result) {
		c, n := r.Cursor, r.Counts
		mu.Lock()
		defer mu.Unlock()
		if n.Written < 20 {
			require.Empty(t, c, "the watermark passed the first page, of which a batch is not written")
			require.Equal(t, n.Written, r.Ahead, "items that are written ahead of the watermark")
			require.Zero(t, n.Scanned)
			return
		}
		if c == "" {
			select {
			case <-first:
			default:
				close(first)
			}
		}
	}
	got, err := w.forward(o)
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 24, got.Counts.Written)
	require.Zero(t, got.Ahead)
	w.requireRight()
}

func TestForwardObeysTheEmbeddersLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits backends.EmbedderLimits
		most   int
	}{
		{"inputs", backends.EmbedderLimits{Inputs: 3}, 3},
		{"tokens", backends.EmbedderLimits{TokensPerRequest: 2 * backends.EstimateTokens("text 000")}, 2},
		{"a text over the limit still goes, alone", backends.EmbedderLimits{TokensPerRequest: 1}, 1},
		{"none: the batch size", backends.EmbedderLimits{}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.Config{})
			w.fill(24)
			w.embedder.limits = tt.limits
			_, err := w.forward(w.options())
			require.NoError(t, err)
			largest := 0
			for _, n := range w.embedder.requests {
				largest = max(largest, n)
			}
			require.Equal(t, tt.most, largest)
			w.requireRight()
		})
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(200)
	w.put(item("id-050", "bad one"), item("id-051", "text 000"))
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			got, err := w.forward(w.options())
			if err != nil || !got.Done {
				t.Errorf("run: %+v, %v", got, err)
			}
		})
	}
	group.Wait()
	w.requireRight()
	require.Len(t, w.quarantined, 1)
}

func TestForwardReportsOnlyGrowingProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	w.fill(100)
	o := w.options()
	var last reconcile.Counts
	var cursor backends.Cursor
	o.Report = func(r reconcile.Result) {
		c, n := r.Cursor, r.Counts
		require.GreaterOrEqual(t, n.Scanned, last.Scanned)
		require.GreaterOrEqual(t, n.Written, last.Written)
		require.LessOrEqual(t, n.Scanned, n.Written+n.Current, "a page counts as scanned when it is written")
		cursor, last = c, n
	}
	got, err := w.forward(o)
	require.NoError(t, err)
	require.Equal(t, got.Cursor, cursor)
	require.Equal(t, got.Counts, last)
}

func ExampleForward() {
	ctx := context.Background()
	store, _ := memory.Open(ctx, memory.Config{})
	source, index := store.Source("items"), store.Index("ns")
	_ = source.PutItems(ctx, []backends.Item{{ID: "a", Text: "one"}, {ID: "b", Text: "two"}, {ID: "c", Text: "one"}})
	target, _ := index.Create(ctx, backends.SpecOf(testModel, index.Locator(testModel)))

	pair := reconcile.Pair{Source: source, Target: target, Embedder: &embedder{texts: map[string]int{}}}
	got, err := reconcile.Forward(ctx, pair, backends.Range{}, "", reconcile.Options{})
	fmt.Println(got.Done, got.Counts.Written, got.Counts.Embedded, got.Counts.Shared, err)
	// Output: true 3 2 1 <nil>
}
