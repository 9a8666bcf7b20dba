package hashing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

func model(dimensions int) backends.Model {
	return backends.Model{Name: "m", Driver: "hashing", Dimensions: dimensions, Metric: backends.Cosine, Normalized: true}
}

func embedder(t *testing.T, m backends.Model, cfg hashing.Config) *hashing.Embedder {
	t.Helper()
	e, err := hashing.New(m, cfg)
	require.NoError(t, err)
	return e
}

func embed(t *testing.T, e *hashing.Embedder, texts ...string) [][]float32 {
	t.Helper()
	out, err := e.Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
	require.Len(t, out.Vectors, len(texts))
	return out.Vectors
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		model      backends.Model
		cfg        hashing.Config
		asymmetric bool
	}{
		"256":  {model: model(256)},
		"1024": {model: model(1024), cfg: hashing.Config{MaxInputs: 40, MaxTokensPerRequest: 500}},
		"prefixes": {model: func() backends.Model {
			m := model(256)
			m.DocumentPrefix, m.QueryPrefix = "passage: ", "query: "
			return m
		}(), asymmetric: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backendtest.Embedder(t, backendtest.EmbedderDriver{
				New:     func(t *testing.T) backends.Embedder { return embedder(t, tt.model, tt.cfg) },
				Refuses: true, Refused: "…!?", Asymmetric: tt.asymmetric,
			})
		})
	}
}

// Few dimensions make the signs of a text's features cancel; what must never
// come out is a vector of zeros.
func TestNoZeroVector(t *testing.T) {
	t.Parallel()
	m := model(1)
	e := embedder(t, m, hashing.Config{})
	for _, text := range []string{"a", "read", "go", "alpha beta", "x1 y2 z3", "the", "日本", "don't", "e=mc2"} {
		for _, v := range embed(t, e, text, text+" "+text, text+" "+text+"ing") {
			require.NoError(t, backends.CheckVector(v, m), text)
		}
	}
}
