package openai_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/embedders/openai"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

const key = "sk-key-of-the-tests-0123456789"

func model(dimensions int) backends.Model {
	return backends.Model{
		Name: "small", Driver: "openai", ProviderModel: "text-embedding-3-small", Dimensions: dimensions,
		Metric: backends.Cosine, Normalized: true,
	}
}

func serve(t *testing.T, o providertest.Options) *providertest.Server {
	t.Helper()
	if o.Models == nil {
		o.Models = map[string]int{"text-embedding-3-small": 64}
	}
	return providertest.New(t, o)
}

// dial returns an embedder of the server's model.
func dial(t *testing.T, s *providertest.Server, m backends.Model, change ...func(*openai.Config)) *openai.Embedder {
	t.Helper()
	cfg := openai.Config{BaseURL: s.URL(), APIKey: key}
	for _, c := range change {
		c(&cfg)
	}
	c, err := openai.NewClient(cfg)
	require.NoError(t, err)
	e, err := c.Embedder(m)
	require.NoError(t, err)
	return e
}

func azure(c *openai.Config) { c.Azure = &openai.Azure{APIVersion: "2024-10-21"} }

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, dialect := range providertest.Dialects() {
		for _, encoding := range []openai.Encoding{openai.Base64, openai.Float} {
			t.Run(dialect.String()+" "+string(encoding), func(t *testing.T) {
				t.Parallel()
				s := serve(t, providertest.Options{Dialect: dialect, Key: key})
				asymmetric := encoding == openai.Float
				backendtest.Embedder(t, backendtest.EmbedderDriver{
					New: func(t *testing.T) backends.Embedder {
						m := model(64)
						m.MaxInputTokens = 512
						if asymmetric {
							m.DocumentPrefix, m.QueryPrefix = "passage: ", "query: "
						}
						return dial(t, s, m, func(c *openai.Config) {
							c.Encoding = encoding
							if dialect == providertest.Azure {
								azure(c)
							}
							if dialect == providertest.TEI {
								c.MaxInputs = 32
							}
						})
					},
					Refuses: true, Asymmetric: asymmetric,
				})
			})
		}
	}
}
