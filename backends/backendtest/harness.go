package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// Harness is how a driver takes part in a suite.
type Harness[T any] struct {
	// New makes an empty place for one test, and cleans up behind it.
	New func(t *testing.T) Place[T]
	// Publishing gives an index a name for its active generation; nil where it can't publish.
	Publishing func(x T, name string) T
	// MergesEmptyPayload: an empty payload may come back as nil, and nil as empty.
	MergesEmptyPayload bool
	// JSONPayloads: payloads are JSON documents; other bytes are refused.
	JSONPayloads bool
	// MaxTextBytes that the store takes; 0 means that 10 MB are no trouble.
	MaxTextBytes int
}

// Place is where a test's data is: a file, a database, a server.
type Place[T any] struct {
	// Open returns what has the name in this place: a table of items (Source,
	// with the ItemWriter ability), a namespace (Index). The same name is the
	// same data, every call a new handle. A Registry has no name.
	Open func(t *testing.T, name string) T
	// Crash ends what was opened as a killed process ends: nothing is closed or
	// flushed. What is opened later sees what a crash leaves. nil where the data
	// dies with the process.
	Crash func(t *testing.T)
}

// suite runs the tests of one role.
type suite[T any] struct {
	t *testing.T
	h Harness[T]
}

func (s suite[T]) run(name string, f func(t *testing.T, p Place[T])) {
	s.t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(t, s.h.New(t))
	})
}

// opened is a source with its ability to take items.
type opened struct {
	backends.Source
	backends.ItemWriter
}

func openSource(t *testing.T, p Place[backends.Source], name string) opened {
	t.Helper()
	s := p.Open(t, name)
	w, ok := backends.As[backends.ItemWriter](s)
	require.True(t, ok, "the suite needs the ItemWriter ability")
	return opened{Source: s, ItemWriter: w}
}

// textItems are items whose text tells their id.
func textItems(ids ...string) []backends.Item {
	items := make([]backends.Item, len(ids))
	for i, id := range ids {
		items[i] = backends.Item{ID: id, Text: "text of " + id}
	}
	return items
}

// model of the suite's generations; the revision tells them apart.
func model(revision string) backends.Model {
	return backends.Model{Name: "suite", Driver: "suite", Dimensions: 4, Metric: backends.Cosine, Revision: revision}
}

// create makes the generation of a model.
func create(t *testing.T, x backends.Index, m backends.Model) backends.Generation {
	t.Helper()
	g, err := x.Create(t.Context(), backends.SpecOf(m, x.Locator(m)))
	require.NoError(t, err)
	return g
}

// record of the suite's model whose vector and stamp both tell the text.
func record(id, text string) backends.Record {
	v := make([]float32, 4)
	for i, b := range backends.ContentHash(text)[:4] {
		v[i] = float32(b) - 64
	}
	return backends.Record{ID: id, Vector: v, Text: text, Stamp: backends.Stamp{Content: backends.ContentHash(text), Fingerprint: model("").Fingerprint()}}
}

func recordsOf(ids ...string) []backends.Record {
	out := make([]backends.Record, len(ids))
	for i, id := range ids {
		out[i] = record(id, "text of "+id)
	}
	return out
}
