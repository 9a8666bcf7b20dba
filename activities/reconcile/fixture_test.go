package reconcile_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
)

var testModel = backends.Model{Name: "m", Driver: "test", Dimensions: 8, Metric: backends.Cosine, Normalized: true}

// world is a source and a generation in memory, and an embedder that counts.
type world struct {
	t        *testing.T
	source   *memory.Source
	index    *memory.Index
	target   backends.Generation
	embedder *embedder

	mu          sync.Mutex
	quarantined map[string]string // id -> content
	recovered   []string
}

func newWorld(t *testing.T, c memory.Config) *world {
	t.Helper()
	store, err := memory.Open(t.Context(), c)
	require.NoError(t, err)
	w := &world{
		t: t, source: store.Source("items"), index: store.Index("ns"),
		embedder: &embedder{texts: map[string]int{}}, quarantined: map[string]string{},
	}
	w.target, err = w.index.Create(t.Context(), backends.SpecOf(testModel, w.index.Locator(testModel)))
	require.NoError(t, err)
	return w
}

func (w *world) pair() reconcile.Pair {
	return reconcile.Pair{
		Source: w.source, Target: w.target, Embedder: w.embedder,
		CopiesPayload: w.index.Traits().CopiesPayload,
	}
}

// onePage is memory for one page at a time: eight items weigh about 370 bytes.
const onePage = 450

// options are small, so that a few items already make several pages and requests.
func (w *world) options() reconcile.Options {
	return reconcile.Options{
		BatchSize: 4, PageItems: 8, Concurrency: 3,
		Quarantine: func(_ context.Context, r reconcile.Refusal) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.quarantined[r.ID] = r.Content
			return nil
		},
		Recovered: func(_ context.Context, ids []string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.recovered = append(w.recovered, ids...)
			return nil
		},
	}
}

func (w *world) put(items ...backends.Item) {
	w.t.Helper()
	require.NoError(w.t, w.source.PutItems(w.t.Context(), items))
}

// fill puts n items with different texts: "text 000", ...
func (w *world) fill(n int) {
	w.t.Helper()
	items := make([]backends.Item, n)
	for i := range items {
		items[i] = item(fmt.Sprintf("id-%03d", i), fmt.Sprintf("text %03d", i))
	}
	w.put(items...)
}

// stored writes a record as an earlier run would have left it.
func (w *world) stored(id, text, fingerprint string) {
	w.t.Helper()
	s := backends.Stamp{Content: backends.ContentHash(text), Fingerprint: fingerprint}
	if w.index.Traits().CopiesPayload {
		s.Payload = backends.PayloadHash(nil)
	}
	require.NoError(w.t, w.target.Upsert(w.t.Context(), []backends.Record{{ID: id, Vector: vectorOf(text), Stamp: s}}))
}

func (w *world) forward(o reconcile.Options) (reconcile.Result, error) {
	return reconcile.Forward(w.t.Context(), w.pair(), backends.Range{}, "", o)
}

// requireRight is the independent check: each sound item has exactly the vector
// of its text under the right stamp, quarantined ones have none, and nothing
// else is there. It shares no code with the engine.
func (w *world) requireRight() {
	w.t.Helper()
	require.Empty(w.t, w.wrong())
}

func (w *world) wrong() []string {
	w.t.Helper()
	items, err := w.source.ReadPage(w.t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(w.t, err)
	left, err := w.target.ReadStamps(w.t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(w.t, err)
	records := map[string]bool{}
	for _, s := range left.Items {
		records[s.ID] = true
	}
	var wrong []string
	for _, it := range items.Items {
		there := records[it.ID]
		delete(records, it.ID)
		if _, set := w.quarantined[it.ID]; set {
			if there {
				wrong = append(wrong, "record of quarantined "+it.ID)
			}
			continue
		}
		got, err := w.target.Fetch(w.t.Context(), []string{it.ID})
		require.NoError(w.t, err)
		switch {
		case len(got) == 0:
			wrong = append(wrong, "missing "+it.ID)
		case got[0].Stamp.Content != backends.ContentHash(it.Text) || got[0].Stamp.Fingerprint != testModel.Fingerprint():
			wrong = append(wrong, "stale "+it.ID)
		case fmt.Sprint(got[0].Vector) != fmt.Sprint(vectorOf(it.Text)):
			wrong = append(wrong, "vector of "+it.ID)
		case w.index.Traits().CopiesPayload && string(got[0].Payload) != string(it.Payload):
			wrong = append(wrong, "payload of "+it.ID)
		}
	}
	for id := range records {
		wrong = append(wrong, "extra "+id)
	}
	return wrong
}

func item(id, text string) backends.Item { return backends.Item{ID: id, Text: text} }

// vectorOf is the one vector of a text.
func vectorOf(text string) []float32 {
	sum := sha256.Sum256([]byte(text))
	v := make([]float32, testModel.Dimensions)
	var norm float64
	for i := range v {
		v[i] = float32(sum[i]) + 1
		norm += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(norm))
	}
	return v
}

// embedder embeds with vectorOf. It refuses texts with "bad" in them, answers
// NaN once for a text with "flaky", and always for one with "broken".
type embedder struct {
	limits backends.EmbedderLimits
	before func(ctx context.Context, texts []string) error // nil: nothing

	mu       sync.Mutex
	texts    map[string]int // how often each was asked for
	requests []int          // their sizes
}

func (e *embedder) Model() backends.Model           { return testModel }
func (e *embedder) Limits() backends.EmbedderLimits { return e.limits }

func (e *embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	if err := ctx.Err(); err != nil {
		return backends.Embedding{}, err
	}
	if purpose != backends.Document {
		return backends.Embedding{}, fmt.Errorf("%w: purpose %s", backends.ErrInvalidInput, purpose)
	}
	if e.before != nil {
		if err := e.before(ctx, texts); err != nil {
			return backends.Embedding{}, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests = append(e.requests, len(texts))
	var out backends.Embedding
	for _, text := range texts {
		if strings.Contains(text, "bad") {
			return backends.Embedding{}, fmt.Errorf("%w: one of the texts", backends.ErrInvalidInput)
		}
	}
	for _, text := range texts {
		v := vectorOf(text)
		if strings.Contains(text, "broken") || strings.Contains(text, "flaky") && e.texts[text] == 0 {
			v[0] = float32(math.NaN())
		}
		e.texts[text]++
		out.Vectors = append(out.Vectors, v)
		out.Tokens += 2
	}
	return out, nil
}
