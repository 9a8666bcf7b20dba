package hashing_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

func TestTallyCountsWhatWasEmbedded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tally")
	model := backends.Model{Name: `odd "name"`, Driver: "hashing", Dimensions: 8, Metric: backends.Cosine}
	e, err := hashing.New(model, hashing.Config{Tally: path})
	require.NoError(t, err)

	before, err := hashing.ReadTally(path)
	require.NoError(t, err)
	require.Empty(t, before)

	_, err = e.Embed(t.Context(), backends.Document, []string{"one word", "another"})
	require.NoError(t, err)
	_, err = e.Embed(t.Context(), backends.SearchQuery, []string{"one word"})
	require.NoError(t, err)
	_, err = e.Embed(t.Context(), backends.Document, []string{"refused with", ""})
	require.ErrorIs(t, err, backends.ErrInvalidInput)

	got, err := hashing.ReadTally(path)
	require.NoError(t, err)
	require.Equal(t, []hashing.Tallied{
		{Content: backends.ContentHash("one word"), Purpose: backends.Document, Model: model.Name},
		{Content: backends.ContentHash("another"), Purpose: backends.Document, Model: model.Name},
		{Content: backends.ContentHash("one word"), Purpose: backends.SearchQuery, Model: model.Name},
	}, got)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "word", "texts are nobody's business")
}

func TestReadTallyRefusesForeignLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"3", "abc document hashing-256", "abc document \"open"} {
		path := filepath.Join(t.TempDir(), "tally")
		require.NoError(t, os.WriteFile(path, []byte(line+"\n"), 0o600))
		_, err := hashing.ReadTally(path)
		require.ErrorIs(t, err, backends.ErrInvalidInput, line)
		require.ErrorContains(t, err, "line 1")
	}
}
