package catalog

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// tableStore is a store driver as the catalog sees one: it has a path of its
// own, and its namespaces a table and a column.
func tableStore(registry bool) StoreDriver {
	return StoreDriver{
		KeepsRegistry: registry,
		Store: func(f *Fields) func(context.Context) (Store, error) {
			f.Need("path")
			path := f.Path("path")
			return func(context.Context) (Store, error) { return &fakeStore{path: path}, nil }
		},
		Namespace: func(f *Fields) (any, string) {
			table := f.String("table")
			return map[string]string{"table": table, "key": f.String("key")}, table
		},
	}
}

func testDrivers() Drivers {
	return Drivers{
		Stores: map[string]StoreDriver{"table": tableStore(true), "plain": tableStore(false)},
		Embedders: map[string]EmbedderDriver{"fake": {
			Embedder: func(f *Fields) func(backends.Model) (backends.Embedder, error) {
				latency := f.Duration("latency")
				_ = f.String("api_key")
				if limits := f.Mapping("limits"); limits != nil {
					_ = limits.Int("rpm", 1, 1<<30)
					if burst := limits.Mapping("burst"); burst != nil {
						_ = burst.Int("most", 1, 1<<30)
					}
				}
				return func(m backends.Model) (backends.Embedder, error) {
					return &fakeEmbedder{model: m, latency: latency}, nil
				}
			},
		}},
	}
}

const sound = `
registry: {store: main}
stores:
  main: {driver: table, path: data.db}
  far: {driver: plain, path: "${DIR}/far.db"}
embedders:
  one: {driver: fake, latency: 40ms, api_key: "${API_KEY}"}
models:
  small: {embedder: one, dimensions: 256}
  org/large-v2:
    embedder: one
    provider_model: "large"
    dimensions: ${DIMENSIONS}
    metric: dot
    normalized: true
    document_prefix: "passage: "
    query_prefix: "query: "
    revision: "2"
    max_input_tokens: 512
    price_per_million_tokens: 0.02
namespaces:
  docs: {store: main, table: docs, model: small, writes: text}
  wiki:
    store: far
    table: "a$${b}"
    model: org/large-v2
    golden: {queries: golden/queries.jsonl, qrels: /abs/qrels.tsv, min_ndcg: 0.5, max_drop: 0.01}
`

const secret = "s3cr3t-of-the-environment"

func env(name string) (string, bool) {
	v, ok := map[string]string{"DIR": "/var/" + secret, "API_KEY": secret, "DIMENSIONS": "1024", "EMPTY": ""}[name]
	return v, ok
}

func TestLoadResolvesEverything(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(sound), 0o600))

	c, err := Load(file, env, testDrivers())
	require.NoError(t, err)
	require.Equal(t, "main", c.Registry)
	require.Empty(t, c.Warnings)
	require.Equal(t, backends.Model{
		Name: "small", Driver: "fake", ProviderModel: "small", Dimensions: 256, Metric: backends.Cosine,
	}, c.Models["small"].Model, "the defaults")
	require.Equal(t, backends.Model{
		Name: "org/large-v2", Driver: "fake", ProviderModel: "large", Dimensions: 1024, Metric: backends.Dot,
		Normalized: true, DocumentPrefix: "passage: ", QueryPrefix: "query: ", Revision: "2",
		MaxInputTokens: 512, PricePerMillionTokens: 0.02,
	}, c.Models["org/large-v2"].Model)
	require.Equal(t, "one", c.Models["small"].Embedder)

	docs, wiki := c.Namespaces["docs"], c.Namespaces["wiki"]
	require.Equal(t, WritesText, docs.Writes)
	require.Equal(t, WritesText, wiki.Writes, "the default")
	require.Nil(t, docs.Golden)
	require.Equal(t, &Golden{
		Queries: filepath.Join(filepath.Dir(file), "golden/queries.jsonl"), Qrels: "/abs/qrels.tsv", MinNDCG: 0.5, MaxDrop: 0.01,
	}, wiki.Golden, "paths are relative to the file")
	require.Equal(t, map[string]string{"table": "a${b}", "key": ""}, wiki.Options)

	near, err := c.Stores["main"].Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(file), "data.db"), near.(*fakeStore).path)
	far, err := c.Stores["far"].Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, "/var/"+secret+"/far.db", far.(*fakeStore).path, "variables are filled in")
}

func TestLoadOfAFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), env, testDrivers())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "none.yaml")
}

// Each case changes the sound file once and names all problems that follow.
func TestLoadNamesFileLineAndKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		want     []string
	}{
		"unknown key of a driver": {
			"path: data.db", "pat: data.db",
			[]string{`c.yaml:4: stores.main: has no path: add it`, `c.yaml:4: stores.main.pat: unknown key; known here: driver, path`},
		},
		"unknown key of a namespace": {
			"writes: text", "write: text",
			[]string{`c.yaml:22: namespaces.docs.write: unknown key; known here: golden, hooks, key, model, publish, store, table, writes`},
		},
		"unknown section":          {"registry:", "register:", []string{`c.yaml:2: register: unknown key; known here: embedders, models, namespaces, registry, stores`, `c.yaml:24: namespaces.wiki.store: a store of driver plain can't keep the registry`}},
		"doubled key":              {"metric: dot", "dimensions: 1", []string{`c.yaml:14: models.org/large-v2.dimensions: stands here a second time, first in line 13: remove one`}},
		"missing variable":         {"${API_KEY}", "${API_KEZ}", []string{`c.yaml:7: embedders.one.api_key: the environment variable API_KEZ is not set`}},
		"open variable":            {"${API_KEY}", "${API_KEY", []string{`c.yaml:7: embedders.one.api_key: ${ without its }`}},
		"no name of a variable":    {"${API_KEY}", "${API-KEY}", []string{`c.yaml:7: embedders.one.api_key: ${API-KEY} does not name a variable`}},
		"empty variable":           {"${API_KEY}", "${EMPTY}", []string{`c.yaml:7: embedders.one.api_key: is empty`}},
		"variable of a wrong type": {"${DIMENSIONS}", "${API_KEY}", []string{`c.yaml:13: models.org/large-v2.dimensions: "${API_KEY}" is not a whole number`}},
		"number in quotes":         {"dimensions: 256", `dimensions: "256"`, []string{`c.yaml:9: models.small.dimensions: "256" is not a whole number: write it without quotes`}},
		"number for a text":        {`revision: "2"`, `revision: 2`, []string{`c.yaml:18: models.org/large-v2.revision: "2" is not text: put it in quotes`}},
		"fraction for an integer":  {"dimensions: 256", `dimensions: 25.6`, []string{`c.yaml:9: models.small.dimensions: "25.6" is not a whole number`}},
		"zero dimensions":          {"dimensions: 256", "dimensions: 0", []string{`c.yaml:9: models.small.dimensions: "0" is not between 1 and 65536`}},
		"missing dimensions":       {", dimensions: 256", "", []string{`c.yaml:9: models.small: has no dimensions: add it`}},
		"wrong metric":             {"metric: dot", "metric: l2", []string{`c.yaml:14: models.org/large-v2.metric: "l2" is none of cosine, dot, euclidean`}},
		"yes for true":             {"normalized: true", "normalized: yes", []string{`c.yaml:15: models.org/large-v2.normalized: "yes" is not true or false`}},
		"wrong duration":           {"40ms", "40 ms", []string{`c.yaml:7: embedders.one.latency: "40 ms" is not a span of time`}},
		"negative price":           {"0.02", "-0.02", []string{`c.yaml:20: models.org/large-v2.price_per_million_tokens: "-0.02" is not between 0 and`}},
		"not a number":             {"0.02", ".nan", []string{`c.yaml:20: models.org/large-v2.price_per_million_tokens: ".nan" is not a number`}},
		"unknown driver":           {"driver: fake", "driver: fakes", []string{`c.yaml:7: embedders.one.driver: "fakes" is no driver; there are fake`}},
		"missing driver":           {"driver: fake, ", "", []string{`c.yaml:7: embedders.one: has no driver: add it`}},
		"dangling embedder":        {"small: {embedder: one", "small: {embedder: two", []string{`c.yaml:9: models.small.embedder: "two" is not in embedders; it has one`}},
		"dangling model":           {"model: small", "model: tiny", []string{`c.yaml:22: namespaces.docs.model: "tiny" is not in models; it has small, org/large-v2`}},
		"dangling store":           {"docs: {store: main", "docs: {store: mian", []string{`c.yaml:22: namespaces.docs.store: "mian" is not in stores; it has main, far`}},
		"dangling registry":        {"registry: {store: main}", "registry: {store: mian}", []string{`c.yaml:2: registry.store: "mian" is not in stores; it has main, far`}},
		"store without registry":   {"registry: {store: main}", "", []string{`c.yaml:24: namespaces.wiki.store: a store of driver plain can't keep the registry: add registry: {store: NAME}`}},
		"registry that can't":      {"registry: {store: main}", "registry: {store: far}", []string{`c.yaml:2: registry.store: a store of driver plain can't keep the registry: name another`}},
		"writes of neither":        {"writes: text", "writes: both", []string{`c.yaml:22: namespaces.docs.writes: "both" is none of text, vectors`}},
		"publish":                  {"writes: text", "publish: {view: docs}", []string{`c.yaml:22: namespaces.docs.publish: is not text`}},
		"unknown key of a mapping": {"latency: 40ms", "limits: {rpn: 3000}", []string{`c.yaml:7: embedders.one.limits.rpn: unknown key; known here: burst, rpm`}},
		"unknown key further down": {"latency: 40ms", "limits: {burst: {mots: 1}}", []string{`c.yaml:7: embedders.one.limits.burst.mots: unknown key; known here: most`}},
		"unknown key of golden":    {"min_ndcg: 0.5", "min_ncdg: 0.5", []string{`c.yaml:27: namespaces.wiki.golden.min_ncdg: unknown key; known here: max_drop, min_ndcg, qrels, queries`}},
		"golden without qrels":     {"qrels: /abs/qrels.tsv, ", "", []string{`c.yaml:27: namespaces.wiki.golden: has no qrels: add it`}},
		"bound over one":           {"min_ndcg: 0.5", "min_ndcg: 50", []string{`c.yaml:27: namespaces.wiki.golden.min_ndcg: "50" is not between 0 and 1`}},
		"null":                     {"path: data.db", "path:", []string{`c.yaml:4: stores.main.path: has no value: give it one, or remove it`}},
		"list for an entry":        {"{driver: table, path: data.db}", "[table]", []string{`c.yaml:4: stores.main: is not a mapping`}},
		"mapping for a text":       {"path: data.db", "path: {a: b}", []string{`c.yaml:4: stores.main.path: is not text`}},
		"anchor":                   {"path: data.db", "path: &p data.db", []string{`c.yaml:4: stores.main.path: anchors and aliases are not supported`}},
		"tag":                      {"path: data.db", "path: !secret data.db", []string{`c.yaml:4: stores.main.path: tags are not supported`}},
		"merge":                    {"path: data.db", "<<: {path: data.db}", []string{`c.yaml:4: stores.main.<<: merges are not supported`, `c.yaml:4: stores.main: has no path: add it`}},
		"name of an entry":         {"docs: {store", "do/cs: {store", []string{`c.yaml:22: namespaces.do/cs: is not a name of an entry`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(sound, c.old), "the case changes one place")
			_, err := read("c.yaml", []byte(strings.Replace(sound, c.old, c.new, 1)), env, testDrivers())
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			var problems Problems
			require.ErrorAs(t, err, &problems)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			require.Len(t, got, len(c.want))
			for i, want := range c.want {
				require.True(t, strings.HasPrefix(got[i], want), "%s\n  does not begin with\n%s", got[i], want)
			}
			require.NotContains(t, err.Error(), secret)
		})
	}
}
