package reembed_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
)

func noVariable(string) (string, bool) { return "", false }

func loadText(t *testing.T, text string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	_, err := catalog.Load(file, noVariable, builtin.Drivers())
	return err
}

// Each catalog that a document or a manifest shows can be loaded as it stands.
func TestShownCatalogsLoad(t *testing.T) {
	t.Parallel()
	shown := map[string]string{}
	for file, content := range files(t, ".md") {
		for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(content, -1) {
			if text := string(m[1]); strings.Contains(text, "stores:") {
				shown[file] = text
			}
		}
	}
	require.Contains(t, shown, "README.md")
	require.Contains(t, shown, filepath.Join("docs", "catalog.md"))
	example, err := os.ReadFile("docs/example/reembed.yaml")
	require.NoError(t, err)
	shown["the example"] = string(example)
	manifest, err := os.ReadFile("deploy/kubernetes/worker.yaml")
	require.NoError(t, err)
	var configMap struct {
		Data map[string]string `yaml:"data"`
	}
	first, _, _ := strings.Cut(string(manifest), "\n---\n")
	require.NoError(t, yaml.Unmarshal([]byte(first), &configMap))
	shown["the manifest"] = configMap.Data["reembed.yaml"]
	for where, text := range shown {
		require.NotEmpty(t, text, where)
		require.NoError(t, loadText(t, text), where)
	}
}

// So can each example of embedders and models, with what a catalog needs beside
// them, and the variables that it names.
func TestShownEmbeddersLoad(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(embedders:.*?\nmodels:\n  ([^:]+):.*?)```")
	shown := 0
	for file, content := range files(t, ".md") {
		for _, m := range blocks.FindAllSubmatch(content, -1) {
			text := fmt.Sprintf("stores: {s: {driver: memory}}\n%s\nnamespaces: {n: {store: s, table: t, model: %s}}\n", m[1], m[2])
			require.ErrorContains(t, loadText(t, text), "is not set", "secrets are variables")
			path := filepath.Join(t.TempDir(), "reembed.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := catalog.Load(path, func(string) (string, bool) { return "a-key", true }, builtin.Drivers())
			require.NoError(t, err, file)
			shown++
		}
	}
	require.Positive(t, shown)
}

// docs/catalog.md has every key that the catalog's readers ask for.
func TestEveryCatalogKeyIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/catalog.md")
	require.NoError(t, err)
	err = loadText(t, `
registry: {store: s, zz: 1}
stores: {s: {driver: sqlite, path: ./x.db, zz: 1}, m: {driver: memory, zz: 1}}
embedders:
  e: {driver: hashing, zz: 1}
  f: {driver: openai, base_url: "http://localhost/v1", zz: 1, azure: {api_version: v, zz: 1}, limits: {rpm: 1, zz: 1}}
models: {a: {embedder: e, dimensions: 2, zz: 1}}
namespaces:
  n: {store: s, table: t, model: a, zz: 1, golden: {queries: q, qrels: r, zz: 1}, hooks: {zz: 1, veto: {command: [x], zz: 1}}}
  o: {store: m, table: t, model: a, zz: 1}
zz: 1
`)
	problems, ok := errors.AsType[catalog.Problems](err)
	require.True(t, ok, "%v", err)
	require.Len(t, problems, 14, "one unknown key in each mapping: %v", err)
	for _, p := range problems {
		_, keys, found := strings.Cut(p.Text, "known here: ")
		require.True(t, found, p.String())
		for key := range strings.SplitSeq(keys, ", ") {
			if !strings.Contains(string(page), "`"+key+"`") && !strings.Contains(string(page), "\n## "+key+"\n") {
				t.Errorf("%s: docs/catalog.md does not tell of %s", p.Key, key)
			}
		}
	}
}
