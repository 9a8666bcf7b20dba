package providertest_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

var texts = []string{
	"the quick brown fox", "a quick brown fox jumps", "SELECT id FROM docs", "Es hat gestern geregnet.", "parcel to Norway", "how long does a parcel to Norway take",
}

// Vectors are those of hashing, but for signs that depend on model and place
// alone: so a verifier can make them without this package.
func TestVectorsAreThoseOfHashing(t *testing.T) {
	t.Parallel()
	e, err := hashing.New(backends.Model{Name: "x", Dimensions: 384}, hashing.Config{})
	require.NoError(t, err)
	plain, err := e.Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
	signs := make([]float32, 384) // as the first text that is not zero there shows them
	for i, text := range texts {
		v := want(t, "one", 384, text)
		require.NoError(t, backends.CheckVector(v, backends.Model{Name: "one", Dimensions: 384, Normalized: true}))
		for j := range v {
			require.Equal(t, math.Abs(float64(plain.Vectors[i][j])), math.Abs(float64(v[j])))
			if v[j] == 0 {
				continue
			}
			sign := v[j] / plain.Vectors[i][j]
			if signs[j] == 0 {
				signs[j] = sign
			}
			require.Equal(t, signs[j], sign, "text %d, dimension %d", i, j)
		}
	}
	require.Contains(t, signs, float32(1))
	require.Contains(t, signs, float32(-1))
	for i := range texts {
		for j := range texts {
			require.InDelta(t, backends.CosineSimilarity(plain.Vectors[i], plain.Vectors[j]),
				backends.CosineSimilarity(want(t, "one", 384, texts[i]), want(t, "one", 384, texts[j])), 1e-6)
		}
	}
}

// Two models of the same dimensions are strangers, as real ones are: who mixes
// their vectors is found out.
func TestModelsAreStrangers(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		a, b := want(t, "text-embedding-ada-002", 1536, text), want(t, "text-embedding-3-small", 1536, text)
		require.Less(t, math.Abs(backends.CosineSimilarity(a, b)), 0.5)
	}
}

// A provider takes texts that hashing refuses.
func TestTextsWithoutAWord(t *testing.T) {
	t.Parallel()
	wordless := []string{"", " ", "\n\t", "…", "🎉", "---"}
	for i, text := range wordless {
		v := want(t, "m", 64, text)
		require.NoError(t, backends.CheckVector(v, backends.Model{Name: "m", Dimensions: 64, Normalized: true}), "%q", text)
		require.Equal(t, want(t, "m", 64, text), v)
		for _, other := range wordless[:i] {
			require.NotEqual(t, want(t, "m", 64, other), v, "%q and %q", text, other)
		}
	}
	_, err := providertest.Vector("m", 0, "x")
	require.ErrorIs(t, err, backends.ErrDimension)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, n := range map[string]int{"": 0, "a": 1, "four": 1, "fives": 2, "ü": 1, "日本語": 3} {
		require.Equal(t, n, providertest.Tokens(text), text)
	}
}
