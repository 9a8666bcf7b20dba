package intercept_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// world has one of each role; its fakes take note of what they were given, and
// answer something that is not zero.
type world struct {
	embedder   backends.Embedder
	source     backends.Source
	index      backends.Index
	generation backends.Generation
	registry   backends.Registry
}

type mark struct{}

type notes struct {
	args []any
	mark any // the context's value that the interceptor set
}

func (n *notes) take(ctx context.Context, args ...any) {
	if n != nil {
		n.args, n.mark = args, ctx.Value(mark{})
	}
}

// newWorld decorates everything, unless in is nil.
func newWorld(t *testing.T, in intercept.Interceptor) (world, *notes) {
	t.Helper()
	n := &notes{}
	w := world{
		embedder: &fakeEmbedder{notes: n}, source: &fakeSource{notes: n},
		index: &fakeIndex{notes: n}, registry: &fakeRegistry{notes: n},
	}
	if in != nil {
		w.embedder = intercept.Embedder(w.embedder, in)
		w.source = intercept.Source(w.source, in)
		w.index = intercept.Index(w.index, in)
		w.registry = intercept.Registry(w.registry, in)
	}
	var err error
	w.generation, err = w.index.Open(t.Context(), "l")
	require.NoError(t, err)
	return w, n
}

// inner shows what a generation is made of behind its decorators.
func inner(g backends.Generation, err error) (any, error) {
	if g == nil {
		return nil, err
	}
	f, _ := backends.As[*fakeGeneration](g)
	return f.Spec(), err
}

type fakeEmbedder struct {
	*notes
	fail error
}

func (f *fakeEmbedder) Model() backends.Model           { return backends.Model{Name: "fake"} }
func (f *fakeEmbedder) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{Inputs: 7} }

func (f *fakeEmbedder) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	f.take(ctx, p, texts)
	return backends.Embedding{Tokens: 5}, f.fail
}

// capture is the source's, as who has a decorated source finds it.
func capture(w world) backends.Capture {
	c, _ := backends.As[backends.Capture](w.source)
	return c
}

// conditional is the generation's.
func conditional(w world) backends.ConditionalWriter {
	c, _ := backends.As[backends.ConditionalWriter](w.generation)
	return c
}

type fakeSource struct{ *notes }

func (f *fakeSource) Ping(ctx context.Context) error { f.take(ctx); return nil }

func (f *fakeSource) Count(ctx context.Context) (int64, bool, error) {
	f.take(ctx)
	return 12, true, nil
}

func (f *fakeSource) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	f.take(ctx, after, size, limit)
	return []backends.Key{"k1", "k2"}, nil
}

func (f *fakeSource) ReadPage(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Item], error) {
	f.take(ctx, r, after, limit)
	return backends.Page[backends.Item]{Items: make([]backends.Item, 2), Next: "n"}, nil
}

func (f *fakeSource) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	f.take(ctx, ids)
	return []backends.Item{{ID: "a"}}, nil
}

type fakeIndex struct{ *notes }

func (f *fakeIndex) Ping(ctx context.Context) error  { f.take(ctx); return nil }
func (f *fakeIndex) Traits() backends.IndexTraits    { return backends.IndexTraits{MaxDimensions: 11} }
func (f *fakeIndex) Locator(m backends.Model) string { return "at-" + m.Name }

func (f *fakeIndex) Generations(ctx context.Context) ([]backends.GenerationSpec, error) {
	f.take(ctx)
	return []backends.GenerationSpec{spec}, nil
}

func (f *fakeIndex) Create(ctx context.Context, s backends.GenerationSpec) (backends.Generation, error) {
	f.take(ctx, s)
	return &fakeGeneration{f.notes}, nil
}

func (f *fakeIndex) Open(ctx context.Context, locator string) (backends.Generation, error) {
	f.take(ctx, locator)
	return &fakeGeneration{f.notes}, nil
}

func (f *fakeIndex) Finish(ctx context.Context, locator string) error {
	f.take(ctx, "finish", locator)
	return nil
}

func (f *fakeIndex) Drop(ctx context.Context, locator string) error {
	f.take(ctx, "drop", locator)
	return nil
}

type fakeGeneration struct{ *notes }

func (f *fakeGeneration) Spec() backends.GenerationSpec { return spec }

func (f *fakeGeneration) Stamps(ctx context.Context, ids []string) (map[string]backends.Stamp, error) {
	f.take(ctx, ids)
	return map[string]backends.Stamp{"a": {Content: "c"}}, nil
}

func (f *fakeGeneration) Split(ctx context.Context, after backends.Key, size, limit int) ([]backends.Key, error) {
	f.take(ctx, after, size, limit)
	return []backends.Key{"k3", "k4"}, nil
}

func (f *fakeGeneration) ReadStamps(ctx context.Context, r backends.Range, after backends.Cursor, limit backends.PageLimit) (backends.Page[backends.Stamped], error) {
	f.take(ctx, r, after, limit)
	return backends.Page[backends.Stamped]{Items: make([]backends.Stamped, 1), Done: true}, nil
}

func (f *fakeGeneration) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	f.take(ctx, ids)
	return records, nil
}

func (f *fakeGeneration) Upsert(ctx context.Context, r []backends.Record) error {
	f.take(ctx, "upsert", r)
	return nil
}

func (f *fakeGeneration) SetPayload(ctx context.Context, r []backends.Record) error {
	f.take(ctx, "set payload", r)
	return nil
}

func (f *fakeGeneration) Delete(ctx context.Context, ids []string) error {
	f.take(ctx, "delete", ids)
	return nil
}

func (f *fakeGeneration) Count(ctx context.Context) (int64, error) { f.take(ctx); return 13, nil }

func (f *fakeGeneration) Search(ctx context.Context, q backends.Query) ([]backends.Hit, error) {
	f.take(ctx, q)
	return []backends.Hit{{ID: "a"}, {ID: "b"}}, nil
}

type fakeRegistry struct{ *notes }

func (f *fakeRegistry) Ping(ctx context.Context) error { f.take(ctx); return nil }

func (f *fakeRegistry) Get(ctx context.Context, kind, key string) (backends.Entry, error) {
	f.take(ctx, kind, key)
	return backends.Entry{Version: 3}, nil
}

func (f *fakeRegistry) Put(ctx context.Context, kind, key string, version int64, value []byte) (int64, error) {
	f.take(ctx, kind, key, version, value)
	return 4, nil
}

func (f *fakeRegistry) Delete(ctx context.Context, kind, key string, version int64) error {
	f.take(ctx, kind, key, version)
	return nil
}

func (f *fakeRegistry) List(ctx context.Context, kind, prefix, after string, limit int) ([]backends.Entry, error) {
	f.take(ctx, kind, prefix, after, limit)
	return []backends.Entry{{Version: 3}}, nil
}
