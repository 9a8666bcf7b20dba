package openai

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// What no dialect of providertest says, and servers do.
func TestClassify(t *testing.T) {
	t.Parallel()
	e := &Embedder{model: four}
	for name, c := range map[string]struct {
		status int
		body   string
		is     error
	}{
		"payment required":             {402, ``, backends.ErrQuotaExhausted},
		"a quota at any status":        {403, `{"error":{"type":"insufficient_quota"}}`, backends.ErrQuotaExhausted},
		"a hard limit":                 {400, `{"error":{"code":"billing_hard_limit_reached"}}`, backends.ErrQuotaExhausted},
		"a proxy's password":           {407, ``, backends.ErrUnauthorized},
		"Google's bad key":             {400, `[{"error":{"code":400,"message":"m","status":"API_KEY_INVALID"}}]`, backends.ErrUnauthorized},
		"a model that is gone":         {410, ``, backends.ErrUnknownModel},
		"a wrong path":                 {404, `<html>`, backends.ErrUnknownModel},
		"a model at 400":               {400, `{"error":{"param":"model"}}`, backends.ErrUnknownModel},
		"dimensions":                   {400, `{"error":{"param":"dimensions"}}`, backends.ErrDimension},
		"encoding":                     {400, `{"error":{"param":"encoding_format"}}`, backends.ErrUnsupported},
		"an input":                     {400, `{"error":{"param":"input.3","code":"context_length_exceeded"}}`, backends.ErrInvalidInput},
		"an input, by FastAPI":         {422, `{"detail":[{"loc":["body","input"],"msg":"m"}]}`, backends.ErrInvalidInput},
		"a proxy's bound":              {413, `<html>413</html>`, backends.ErrInvalidInput},
		"no POST":                      {405, ``, backends.ErrUnsupported},
		"another media type":           {415, ``, backends.ErrUnsupported},
		"no embeddings":                {501, `{"error":{"code":501,"message":"m","type":"not_supported_error"}}`, backends.ErrUnsupported},
		"a request that took too long": {408, ``, backends.ErrUnavailable},
		"a gateway's timeout":          {504, ``, backends.ErrUnavailable},
		"overloaded":                   {529, ``, backends.ErrUnavailable},
		"a status of nobody":           {799, ``, backends.ErrUnavailable},
	} {
		require.ErrorIs(t, e.classify(c.status, parseComplaint([]byte(c.body)), []string{"text"}).sentinel, c.is, name)
	}
}

// A phrase counts only where no text can have brought it into the message.
func TestPhrasesOfTextsDoNotCount(t *testing.T) {
	t.Parallel()
	e := &Embedder{model: four}
	c := parseComplaint([]byte(`{"error":{"message":"You exceeded your current quota, please check","code":"429"}}`))
	require.ErrorIs(t, e.classify(429, c, []string{"tea"}).sentinel, backends.ErrQuotaExhausted)
	require.ErrorIs(t, e.classify(429, c, []string{"You exceeded your current quota"}).sentinel, backends.ErrThrottled)
	c = parseComplaint([]byte(`{"error":{"message":"Invalid model name passed in model=x","code":"400"}}`))
	require.ErrorIs(t, e.classify(400, c, []string{"tea"}).sentinel, backends.ErrUnknownModel)
	require.ErrorIs(t, e.classify(400, c, []string{"Invalid model name passed in"}).sentinel, backends.ErrInvalidInput)
}

// Gateways answer 200 to what failed behind them.
func TestStatusOfAComplaint(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"error":{"code":429}}`:        429,
		`{"error":{"code":"503"}}`:      503,
		`{"error":{"code":200}}`:        502,
		`{"error":{"code":"no_model"}}`: 502,
		`{"error":"words"}`:             502,
		`{"error":{"code":1e300}}`:      502,
	} {
		c := parseComplaint([]byte(body))
		require.True(t, c.structured)
		require.Equal(t, want, c.status(), body)
	}
	for _, body := range []string{`{}`, `[]`, `null`, `7`, `{"data":[]}`, `{"error":null}`, `<html>`, ``} {
		require.False(t, parseComplaint([]byte(body)).structured, body)
	}
}
