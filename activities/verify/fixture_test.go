package verify_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/stores/memory"
)

var testModel = backends.Model{Name: "m", Driver: "hashing", Dimensions: 64, Metric: backends.Cosine, Normalized: true}

// world is a source and a generation that are right, until a test spoils them.
type world struct {
	t        *testing.T
	source   *memory.Source
	index    *memory.Index
	target   backends.Generation
	embedder backends.Embedder
}

// newWorld has n items "id-000", ... with their records.
func newWorld(t *testing.T, n int) *world {
	t.Helper()
	store, err := memory.Open(t.Context(), memory.Config{CopiesPayload: true})
	require.NoError(t, err)
	w := &world{t: t, source: store.Source("items"), index: store.Index("ns")}
	w.embedder, err = hashing.New(testModel, hashing.Config{})
	require.NoError(t, err)
	w.target, err = w.index.Create(t.Context(), backends.SpecOf(testModel, w.index.Locator(testModel)))
	require.NoError(t, err)
	w.put("spare", "x") // the table is there, also without items
	w.drop("spare")
	for i := range n {
		w.put(id(i), text(i))
		w.store(id(i), text(i))
	}
	return w
}

func id(i int) string   { return fmt.Sprintf("id-%03d", i) }
func text(i int) string { return fmt.Sprintf("the text number %d of the corpus", i) }

func (w *world) pair() verify.Pair {
	return verify.Pair{Source: w.source, Target: w.target, Model: testModel, CopiesPayload: true}
}

func (w *world) put(id, text string) {
	w.t.Helper()
	require.NoError(w.t, w.source.PutItems(w.t.Context(), []backends.Item{{ID: id, Text: text}}))
}

func (w *world) drop(id string) {
	w.t.Helper()
	require.NoError(w.t, w.source.DeleteItems(w.t.Context(), []string{id}))
}

func (w *world) forget(id string) {
	w.t.Helper()
	require.NoError(w.t, w.target.Delete(w.t.Context(), []string{id}))
}

// record is the right one of a text.
func (w *world) record(id, text string) backends.Record {
	w.t.Helper()
	got, err := w.embedder.Embed(w.t.Context(), backends.Document, []string{text})
	require.NoError(w.t, err)
	return backends.Record{
		ID: id, Vector: got.Vectors[0],
		Stamp: backends.NewStamp(backends.Item{Text: text}, testModel.Fingerprint(), true),
	}
}

func (w *world) upsert(r backends.Record) {
	w.t.Helper()
	require.NoError(w.t, w.target.Upsert(w.t.Context(), []backends.Record{r}))
}

func (w *world) store(id, text string) { w.upsert(w.record(id, text)) }

func (w *world) all(o verify.Options) verify.Report {
	w.t.Helper()
	r, err := verify.All(w.t.Context(), w.pair(), o)
	require.NoError(w.t, err)
	return r
}

// seeded makes a sample the same in every run of a test.
func seeded() *rand.Rand { return rand.New(rand.NewPCG(7, 7)) }
