package builtin_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

const (
	apiKey = "sk-key-of-the-environment"
	remote = `stores:
  quick: {driver: memory}
embedders:
  near: {driver: openai, base_url: "${BASE}", api_key: "${KEY}", limits: {rpm: 6000, tpm: 1000000},
         headers: {X-Team: search, X-Tenant: "${TENANT}"}, max_inputs: 7, timeout: 30s, ca_file: ./ca.pem}
  far: {driver: openai, base_url: "http://localhost", azure: {api_version: "2024-10-21", deployment: ours}, encoding: float}
models:
  small: {embedder: near, dimensions: 64, normalized: true}
  short: {embedder: near, provider_model: small, dimensions: 64, revision: "2"}
  ours: {embedder: far, dimensions: 64}
namespaces:
  notes: {store: quick, table: notes, model: small}
`
)

// loadRemote writes the catalog into a folder with a CA file.
func loadRemote(t *testing.T, text string, variables map[string]string, ca []byte) (*catalog.Catalog, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600))
	return catalog.Load(file, func(name string) (string, bool) { v, ok := variables[name]; return v, ok }, builtin.Drivers())
}

func TestOpenAIFromTheCatalog(t *testing.T) {
	t.Parallel()
	s := providertest.New(t, providertest.Options{Models: map[string]int{"small": 64}, Key: apiKey, TLS: true})
	c, err := loadRemote(t, remote, map[string]string{"BASE": s.URL(), "KEY": apiKey, "TENANT": "t-1"}, s.CA())
	require.NoError(t, err)
	w := catalog.NewWorld(c, catalog.Decorators{})
	for _, name := range []string{"small", "short"} {
		e, err := w.Embedder(name)
		require.NoError(t, err)
		require.Equal(t, 7, e.Limits().Inputs)
		out, err := e.Embed(t.Context(), backends.Document, []string{"tea"})
		require.NoError(t, err)
		require.NoError(t, backends.CheckVector(out.Vectors[0], e.Model()))
	}
	require.Len(t, s.Requests(), 2)
	for _, r := range s.Requests() {
		require.True(t, r.Keyed)
		require.Equal(t, "small", r.Model)
		require.Equal(t, "search", r.Header.Get("X-Team"))
		require.Equal(t, "t-1", r.Header.Get("X-Tenant"))
		require.Equal(t, sha256.Sum256([]byte("tea")), r.Sums[0])
	}
}

// The models of an entry share its limits: what one of them was told to wait,
// the other waits too.
func TestModelsOfAnEntryShareItsPace(t *testing.T) {
	t.Parallel()
	s := providertest.New(t, providertest.Options{Models: map[string]int{"small": 64}, TLS: true})
	c, err := loadRemote(t, remote, map[string]string{"BASE": s.URL(), "KEY": apiKey, "TENANT": "t"}, s.CA())
	require.NoError(t, err)
	w := catalog.NewWorld(c, catalog.Decorators{})
	small, err := w.Embedder("small")
	require.NoError(t, err)
	short, err := w.Embedder("short")
	require.NoError(t, err)
	s.Add(providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "300"})
	for _, e := range []backends.Embedder{small, short} {
		_, err := e.Embed(t.Context(), backends.Document, []string{"tea"})
		require.ErrorIs(t, err, backends.ErrThrottled)
		require.InDelta(t, 300, backends.RetryAfter(err).Seconds(), 60)
	}
	require.Equal(t, 1, s.Struck(), "the second one was not sent")
}

// A CA file that comes later is found without a restart.
func TestCAFileThatComesLater(t *testing.T) {
	t.Parallel()
	s := providertest.New(t, providertest.Options{Models: map[string]int{"small": 64}, TLS: true})
	c, err := loadRemote(t, remote, map[string]string{"BASE": s.URL(), "KEY": apiKey, "TENANT": "t"}, nil)
	require.NoError(t, err, "the catalog is read without it")
	w := catalog.NewWorld(c, catalog.Decorators{})
	_, err = w.Embedder("small")
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(c.File), "ca.pem"), s.CA(), 0o600))
	_, err = w.Embedder("small")
	require.NoError(t, err)
}

func TestOpenAIReadsItsKeysStrictly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"no address":             {`base_url: "${BASE}", `, "", ":4: embedders.near: has no base_url: add it"},
		"no URL":                 {`"${BASE}"`, "api.openai.com", ":4: embedders.near.base_url: base URL: write it like https://api.openai.com/v1"},
		"a key in the file":      {`"${KEY}"`, "sk-1234", ":4: embedders.near.api_key: is a secret: put it into an environment variable"},
		"a key with escapes":     {`"${KEY}"`, `"$${KEY}"`, ":4: embedders.near.api_key: is a secret"},
		"a key that is none":     {`"${KEY}"`, `"${SPACED}"`, ":4: embedders.near.api_key: has white space around it"},
		"a misspelt limit":       {"rpm: 6000", "rps: 6000", ":4: embedders.near.limits.rps: unknown key; known here: rpm, tpm"},
		"a limit of zero":        {"rpm: 6000", "rpm: 0", ":4: embedders.near.limits.rpm: "},
		"limits that are none":   {"{rpm: 6000, tpm: 1000000}", "6000", ":4: embedders.near.limits: is not a mapping"},
		"a header of ours":       {"X-Team", "Content-Type", ":5: embedders.near.headers: \"Content-Type\": not a header to be set"},
		"a header without value": {"X-Team: search", `X-Team: ""`, ":5: embedders.near.headers.X-Team: is empty"},
		"a number in a header":   {"X-Team: search", "X-Team: 7", ":5: embedders.near.headers.X-Team: \"7\" is not text: put it in quotes"},
		"azure without version":  {`api_version: "2024-10-21", `, "", ":6: embedders.far.azure: has no api_version: add it"},
		"a misspelt deployment":  {"deployment", "deploy", ":6: embedders.far.azure.deploy: unknown key; known here: api_version, deployment"},
		"an unknown encoding":    {"encoding: float", "encoding: int8", ":6: embedders.far.encoding: \"int8\" is none of base64, float"},
		"an unknown key":         {"timeout: 30s", "time_out: 30s", ":5: embedders.near.time_out: unknown key; known here: api_key, azure, base_url, ca_file, driver, encoding,"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(remote, c.old))
			variables := map[string]string{"BASE": "http://localhost/v1", "KEY": apiKey, "TENANT": "t", "SPACED": apiKey + "\n"}
			_, err := loadRemote(t, strings.Replace(remote, c.old, c.new, 1), variables, nil)
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, fmt.Sprint(err), apiKey)
			require.NotContains(t, fmt.Sprint(err), "sk-1234")
		})
	}
}
