package openai_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/openai"
)

func TestSettingsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	const base = "https://api.openai.com/v1"
	require.NoError(t, openai.Config{BaseURL: base, APIKey: key, Headers: map[string]string{"X-Team": "search"}}.Validate())
	for name, c := range map[string]openai.Config{
		"no address":           {},
		"no scheme":            {BaseURL: "api.openai.com/v1"},
		"another scheme":       {BaseURL: "ftp://api.openai.com/v1"},
		"no host":              {BaseURL: "https:///v1"},
		"no address at all":    {BaseURL: "http://[::1"},
		"a password":           {BaseURL: "https://user:" + key + "@api.openai.com/v1"},
		"a query":              {BaseURL: base + "?key=" + key},
		"an empty query":       {BaseURL: base + "?"},
		"a fragment":           {BaseURL: base + "#a"},
		"the whole address":    {BaseURL: base + "/embeddings/"},
		"a key of two lines":   {BaseURL: base, APIKey: key + "\n"},
		"a key in quotes":      {BaseURL: base, APIKey: "“" + key + "”"},
		"a project of spaces":  {BaseURL: base, Project: " p"},
		"a header's name":      {BaseURL: base, Headers: map[string]string{"X Team": key}},
		"an empty name":        {BaseURL: base, Headers: map[string]string{"": key}},
		"a header of ours":     {BaseURL: base, Headers: map[string]string{"content-type": key}},
		"a header's value":     {BaseURL: base, Headers: map[string]string{"X-Team": key + "\r\nX: y"}},
		"azure, no version":    {BaseURL: base, Azure: &openai.Azure{}},
		"an unknown encoding":  {BaseURL: base, Encoding: "int8"},
		"a negative timeout":   {BaseURL: base, Timeout: -time.Second},
		"a negative limit":     {BaseURL: base, Limits: openai.Limits{TPM: -1}},
		"a negative number":    {BaseURL: base, MaxInputs: -1},
		"negative tokens":      {BaseURL: base, MaxTokensPerRequest: -1},
		"an organization's é":  {BaseURL: base, Organization: "orgé"},
		"a header that is not": {BaseURL: base, Headers: map[string]string{"Host": "elsewhere"}},
	} {
		_, err := openai.NewClient(c)
		require.ErrorIs(t, err, backends.ErrInvalidInput, name)
		tellsNothing(t, err)
	}
	c, err := openai.NewClient(openai.Config{BaseURL: base})
	require.NoError(t, err)
	for _, dimensions := range []int{-1, 0, backends.MaxDimensions + 1} {
		_, err := c.Embedder(model(dimensions))
		require.ErrorIs(t, err, backends.ErrDimension)
	}
}
