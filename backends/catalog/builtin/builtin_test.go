package builtin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/backends/route"
)

const both = `stores:
  file: {driver: sqlite, path: ./data.db, busy_timeout: 5s}
  quick: {driver: memory, copies_payload: true}
embedders:
  builtin: {driver: hashing, latency: 1ms, tally: ./embedded.txt, max_inputs: 2}
models:
  small: {embedder: builtin, dimensions: 64, normalized: true}
namespaces:
  docs: {store: file, table: docs, key: name, text: body, payload: meta, model: small}
  notes: {store: quick, table: notes, model: small}
`

// load writes the catalog into a folder of its own.
func load(t *testing.T, text string) (*catalog.Catalog, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return catalog.Load(file, func(string) (string, bool) { return "", false }, builtin.Drivers())
}

func world(t *testing.T, text string) *catalog.World {
	t.Helper()
	c, err := load(t, text)
	require.NoError(t, err)
	w := catalog.NewWorld(c, catalog.Decorators{})
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func TestWhatTheCatalogNamesOpens(t *testing.T) {
	t.Parallel()
	w := world(t, both)
	for _, namespace := range []string{"docs", "notes"} {
		source, err := w.Source(t.Context(), namespace)
		require.NoError(t, err)
		require.NoError(t, source.(backends.ItemWriter).PutItems(t.Context(), []backends.Item{{ID: "a", Text: "one", Payload: []byte(`{}`)}}))
		items, err := source.Lookup(t.Context(), []string{"a"})
		require.NoError(t, err)
		require.Equal(t, []backends.Item{{ID: "a", Text: "one", Payload: []byte(`{}`)}}, items)
		index, err := w.Index(t.Context(), namespace)
		require.NoError(t, err)
		require.NoError(t, index.Ping(t.Context()))
		reg, err := w.Registry(t.Context(), namespace)
		require.NoError(t, err)
		require.NoError(t, reg.Ping(t.Context()))
	}
	index, err := w.Index(t.Context(), "notes")
	require.NoError(t, err)
	require.True(t, index.Traits().CopiesPayload)

	folder := filepath.Dir(w.Catalog().File)
	require.FileExists(t, filepath.Join(folder, "data.db"), "relative to the catalog")
	e, err := w.Embedder("small")
	require.NoError(t, err)
	require.Equal(t, 2, e.Limits().Inputs)
	_, err = e.Embed(t.Context(), backends.Document, []string{"one"})
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(folder, "embedded.txt"))
}

// A self-contained namespace's source is what its route points at.
func TestSelfContainedNamespace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := world(t, strings.Replace(both, "{store: quick, table: notes, model: small}", "{store: quick, self_contained: true, model: small}", 1)+
		"  more: {store: quick, self_contained: true, model: small}\n")
	require.Empty(t, w.Catalog().Warnings, "two of them share no table")
	inside, err := w.SelfContained(ctx, "notes")
	require.NoError(t, err)
	require.True(t, inside)
	inside, err = w.SelfContained(ctx, "docs")
	require.NoError(t, err)
	require.False(t, inside)
	_, err = w.Items(ctx, "docs", "x")
	require.ErrorIs(t, err, backends.ErrUnsupported)
	_, err = w.Source(ctx, "notes")
	require.ErrorIs(t, err, backends.ErrNotFound, "no route yet")
	require.Contains(t, found(ctx, w, "namespaces.notes.source"), "no collection")

	m, err := w.Model("small")
	require.NoError(t, err)
	index, err := w.Index(ctx, "notes")
	require.NoError(t, err)
	g, err := index.Create(ctx, backends.SpecOf(m, index.Locator(m)))
	require.NoError(t, err)
	require.NoError(t, g.Upsert(ctx, []backends.Record{{ID: "a", Text: "one", Vector: make([]float32, 64)}}))
	reg, err := w.Registry(ctx, "notes")
	require.NoError(t, err)
	_, err = route.Swap(ctx, reg, 0, route.Route{
		Namespace: "notes", Generation: 1, Locator: g.Spec().Locator, Model: "small",
		Fingerprint: m.Fingerprint(), Dimensions: m.Dimensions, Metric: backends.Cosine,
	})
	require.NoError(t, err)
	for _, collection := range []string{"", g.Spec().Locator} {
		source, err := w.SourceOf(ctx, "notes", collection)
		require.NoError(t, err)
		items, err := source.Lookup(ctx, []string{"a"})
		require.NoError(t, err)
		require.Equal(t, []backends.Item{{ID: "a", Text: "one"}}, items)
	}
	_, err = w.SourceOf(ctx, "notes", "no such collection")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.Equal(t, "1 items", found(ctx, w, "namespaces.notes.source"))
	require.Contains(t, found(ctx, w, "namespaces.notes"), "no fence, no capture")
}

// found is what the check says of an entry.
func found(ctx context.Context, w *catalog.World, key string) string {
	for _, f := range catalog.Check(ctx, w) {
		if f.Key == key {
			return f.Text
		}
	}
	return ""
}

func TestDriversReadTheirKeysStrictly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"sqlite in memory":          {"path: ./data.db", "path: \":memory:\"", ":2: stores.file.path: :memory: would be a file of that name: write driver: memory"},
		"sqlite without a path":     {"path: ./data.db, ", "", ":2: stores.file: has no path: add it"},
		"sqlite, unknown key":       {"busy_timeout", "timeout", ":2: stores.file.timeout: unknown key; known here: busy_timeout, driver, path"},
		"sqlite without a table":    {"table: docs, ", "", ":9: namespaces.docs: has no table: add it"},
		"sqlite, a reserved table":  {"table: docs", "table: sqlite_x", ":9: namespaces.docs.table: "},
		"sqlite, unknown column":    {"payload: meta", "vector: meta", ":9: namespaces.docs.vector: unknown key"},
		"sqlite, one column twice":  {"text: body", "text: name", ":9: namespaces.docs."},
		"memory without a table":    {", table: notes", "", ":10: namespaces.notes: has no table: add it"},
		"memory, a column":          {"table: notes", "table: notes, key: id", ":10: namespaces.notes.key: unknown key"},
		"memory, both kinds":        {"table: notes", "table: notes, self_contained: true", ":10: namespaces.notes.table: unknown key"},
		"memory, wrong type":        {"copies_payload: true", "copies_payload: 1", ":3: stores.quick.copies_payload: "},
		"hashing, unknown key":      {"latency", "delay", ":5: embedders.builtin.delay: unknown key; known here: driver, latency, max_inputs"},
		"hashing, no number":        {"max_inputs: 2", "max_inputs: 0", ":5: embedders.builtin.max_inputs: "},
		"hashing, negative latency": {"latency: 1ms", "latency: -1ms", ":5: embedders.builtin.latency: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(both, c.old))
			_, err := load(t, strings.Replace(both, c.old, c.new, 1))
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A namespace that was put together for one store is refused by another.
func TestOptionsOfAnotherDriver(t *testing.T) {
	t.Parallel()
	c, err := load(t, both)
	require.NoError(t, err)
	for namespace, store := range map[string]string{"docs": "quick", "notes": "file"} {
		s, err := c.Stores[store].Open(t.Context())
		require.NoError(t, err)
		_, err = s.Source(c.Namespaces[namespace])
		require.ErrorIs(t, err, backends.ErrInvalidInput)
		require.NoError(t, s.Close())
	}
}

func findings(t *testing.T, w *catalog.World) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, f := range catalog.Check(t.Context(), w) {
		require.Equal(t, f.Level == catalog.Bad, f.Err != nil)
		if f.Level != catalog.Note {
			got[f.Key] = string(f.Level) + ": " + f.Text
		}
	}
	return got
}

func TestCheckOfASoundCatalog(t *testing.T) {
	t.Parallel()
	w := world(t, both)
	m, err := w.Model("small")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"stores.file":             "ok: opens",
		"stores.quick":            "ok: opens",
		"models.small":            "ok: embeds in 64 dimensions, fingerprint " + m.Fingerprint(),
		"namespaces.docs.source":  "ok: empty: the first import makes its table",
		"namespaces.docs.index":   "ok: 0 generations",
		"namespaces.docs.route":   "ok: none yet: the first job makes it",
		"namespaces.notes.source": "ok: empty: the first import makes its table",
		"namespaces.notes.index":  "ok: 0 generations",
		"namespaces.notes.route":  "ok: none yet: the first job makes it",
	}, findings(t, w))

	index, err := w.Index(t.Context(), "docs")
	require.NoError(t, err)
	_, err = index.Create(t.Context(), backends.SpecOf(m, index.Locator(m)))
	require.NoError(t, err)
	point(t, w, route.Route{Locator: index.Locator(m), Model: "small", Fingerprint: m.Fingerprint()})
	got := findings(t, w)
	require.Equal(t, "ok: 1 generations", got["namespaces.docs.index"])
	require.Equal(t, "ok: generation 1 at "+index.Locator(m)+", model small", got["namespaces.docs.route"])
}

func point(t *testing.T, w *catalog.World, r route.Route) {
	t.Helper()
	reg, err := w.Registry(t.Context(), "docs")
	require.NoError(t, err)
	r.Namespace, r.Generation, r.Dimensions = "docs", 1, 64
	_, err = route.Swap(t.Context(), reg, 0, r)
	require.NoError(t, err)
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		route    route.Route
		key      string
		is       error
		gone     []string // not asked, since what they rest on failed
	}{
		"a store that can't be opened": {
			old: "./data.db", new: "./no/such/folder/data.db", key: "stores.file",
			is: backends.ErrNotFound, gone: []string{"namespaces.docs.source", "namespaces.docs.route"},
		},
		"an embedder that fails": {
			old: "./embedded.txt", new: "./no/such/folder/embedded.txt", key: "models.small", is: backends.ErrUnavailable,
		},
		"a golden file that is not there": {
			old: "payload: meta", new: "golden: {queries: q.jsonl, qrels: q.tsv}", key: "namespaces.docs.golden.qrels", is: os.ErrNotExist,
		},
		"a route to a model that is gone": {
			route: route.Route{Locator: "x", Model: "gone", Fingerprint: "f"}, key: "namespaces.docs.route", is: backends.ErrNotFound,
		},
		"a route to a model that was changed": {
			route: route.Route{Locator: "x", Model: "small", Fingerprint: "other"}, key: "namespaces.docs.route", is: backends.ErrConflict,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, strings.Replace(both, c.old, c.new, 1))
			if c.route.Locator != "" {
				point(t, w, c.route)
			}
			var found error
			for _, f := range catalog.Check(t.Context(), w) {
				require.NotContains(t, c.gone, f.Key)
				if f.Key == c.key {
					found = f.Err
				}
			}
			require.ErrorIs(t, found, c.is)
		})
	}
}

func TestTwoNamespacesOfOneTableArePointedOut(t *testing.T) {
	t.Parallel()
	c, err := load(t, strings.Replace(both, "store: quick, table: notes", "store: file, table: docs", 1))
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	require.Equal(t, 10, c.Warnings[0].Line)
	require.Equal(t, "namespaces.notes", c.Warnings[0].Key)
	require.Contains(t, c.Warnings[0].Text, "same store and table as namespace docs")

	c, err = load(t, strings.Replace(both, "models:\n", "models:\n  twin: {embedder: builtin, provider_model: small, dimensions: 64, normalized: true, metric: dot}\n", 1))
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	require.Equal(t, "models.twin", c.Warnings[0].Key)
}

// What a published name shows is asked for: nothing, the active generation, or
// what is wrong.
func TestCheckOfAPublishedName(t *testing.T) {
	t.Parallel()
	w := world(t, strings.Replace(both, "payload: meta", "payload: meta, publish: docs_active", 1))
	const key = "namespaces.docs.publish"
	require.Equal(t, "ok: nothing yet: the next switch makes it", findings(t, w)[key])
	index, err := w.Index(t.Context(), "docs")
	require.NoError(t, err)
	reg, err := w.Registry(t.Context(), "docs")
	require.NoError(t, err)
	publisher, can := backends.As[backends.Publisher](index)
	require.True(t, can)
	var locators []string
	for _, revision := range []string{"", "2"} {
		m, err := w.Model("small")
		require.NoError(t, err)
		m.Revision = revision
		g, err := index.Create(t.Context(), backends.SpecOf(m, index.Locator(m)))
		require.NoError(t, err)
		locators = append(locators, g.Spec().Locator)
	}
	m, err := w.Model("small")
	require.NoError(t, err)
	_, err = route.Swap(t.Context(), reg, 0, route.Route{
		Namespace: "docs", Generation: 1, Locator: locators[0], Model: "small", Fingerprint: m.Fingerprint(), Dimensions: 64, Metric: backends.Cosine,
	})
	require.NoError(t, err)
	require.NoError(t, publisher.Publish(t.Context(), locators[0]))
	require.Equal(t, "ok: docs_active shows "+locators[0], findings(t, w)[key])
	require.NoError(t, publisher.Publish(t.Context(), locators[1]))
	require.Contains(t, findings(t, w)[key], "problem: conflict: docs_active shows "+locators[1]+", and active is "+locators[0])
}
