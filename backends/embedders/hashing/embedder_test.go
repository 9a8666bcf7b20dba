package hashing_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dimensions int
		cfg        hashing.Config
		want       error
	}{
		"no dimensions":   {0, hashing.Config{}, backends.ErrDimension},
		"too many":        {backends.MaxDimensions + 1, hashing.Config{}, backends.ErrDimension},
		"latency":         {8, hashing.Config{Latency: -1}, backends.ErrInvalidInput},
		"inputs":          {8, hashing.Config{MaxInputs: -1}, backends.ErrInvalidInput},
		"tokens":          {8, hashing.Config{MaxTokensPerRequest: -1}, backends.ErrInvalidInput},
		"most dimensions": {backends.MaxDimensions, hashing.Config{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := hashing.New(model(tt.dimensions), tt.cfg)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestRequestsAboveTheLimits(t *testing.T) {
	t.Parallel()
	short := model(8)
	short.MaxInputTokens = 3
	for name, tt := range map[string]struct {
		model backends.Model
		cfg   hashing.Config
		texts []string
		want  error
	}{
		"inputs":         {model(8), hashing.Config{MaxInputs: 2}, []string{"a", "b", "c"}, backends.ErrInvalidInput},
		"most inputs":    {model(8), hashing.Config{MaxInputs: 3}, []string{"a", "b", "c"}, nil},
		"tokens":         {model(8), hashing.Config{MaxTokensPerRequest: 3}, []string{"abcdef", "abcdef"}, backends.ErrInvalidInput},
		"most tokens":    {model(8), hashing.Config{MaxTokensPerRequest: 4}, []string{"abcdef", "abcdef"}, nil},
		"a long text":    {short, hashing.Config{}, []string{"secret secret secret secret"}, backends.ErrInvalidInput},
		"a longest text": {short, hashing.Config{}, []string{"one two three"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := embedder(t, tt.model, tt.cfg).Embed(t.Context(), backends.Document, tt.texts)
			require.ErrorIs(t, err, tt.want)
			if tt.want != nil {
				require.NotContains(t, err.Error(), "secret")
				require.Empty(t, out.Vectors)
			}
		})
	}
}

func TestTokensAreWords(t *testing.T) {
	t.Parallel()
	m := model(8)
	m.DocumentPrefix = "passage: "
	out, err := embedder(t, m, hashing.Config{}).Embed(t.Context(), backends.Document, []string{"readFile, the second", "one"})
	require.NoError(t, err)
	require.EqualValues(t, 5, out.Tokens, "prefixes are not charged")
}

// The prefix may not stand in for a text without words, nor drown one of stop
// words only.
func TestPrefixIsNotTheText(t *testing.T) {
	t.Parallel()
	m := model(256)
	m.DocumentPrefix = "passage: "
	e := embedder(t, m, hashing.Config{})
	_, err := e.Embed(t.Context(), backends.Document, []string{"..."})
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	vectors := embed(t, e, "what is it", "who are you")
	require.Less(t, backends.CosineSimilarity(vectors[0], vectors[1]), 0.9)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := embedder(t, model(8), hashing.Config{Latency: time.Minute})
		begun := time.Now()
		embed(t, e, "one", "two", "three")
		require.Equal(t, time.Minute, time.Since(begun), "of a request, not of a text")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		_, err := e.Embed(ctx, backends.Document, []string{"one"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begun))
	})
}

// A tally that can't be written would make the count a lie, so it fails the request.
func TestTallyThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := embedder(t, model(8), hashing.Config{Tally: filepath.Join(t.TempDir(), "no", "such", "folder")})
	_, err := e.Embed(t.Context(), backends.Document, []string{"one"})
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestRelatedTextsAreNear(t *testing.T) {
	t.Parallel()
	e := embedder(t, model(1024), hashing.Config{})
	for _, tt := range []struct{ query, near, far string }{
		{"read files", "ReadFile reads the named file", "Sleep pauses the current goroutine"},
		{"closing connections", "Close closes the connection", "Sqrt returns the square root of x"},
		{"initialise", "initialisation of a value", "a value of another kind"},
		{"東京の天気", "天気は晴れです", "本を読みました"},
	} {
		v := embed(t, e, tt.query, tt.near, tt.far)
		require.Greater(t, backends.CosineSimilarity(v[0], v[1]), backends.CosineSimilarity(v[0], v[2])+0.1, tt.query)
	}
}

// A huge text has to pass, and may not slow the next ones down by what it leaves.
func TestHugeText(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&text, "word%d ", i)
	}
	m := model(256)
	e := embedder(t, m, hashing.Config{})
	v := embed(t, e, text.String(), "small", strings.Repeat("x", 1<<20))
	require.Equal(t, embed(t, e, "small")[0], v[1])
	for _, x := range v {
		require.NoError(t, backends.CheckVector(x, m))
	}
}
