package providertest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

func TestRequestsPerMinute(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{RPM: 2})
	for i := range 2 {
		r := ask(t, s, "float", "x")
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "2", r.header.Get("x-ratelimit-limit-requests"))
		require.Equal(t, strconv.Itoa(1-i), r.header.Get("x-ratelimit-remaining-requests"))
		reset, err := time.ParseDuration(r.header.Get("x-ratelimit-reset-requests"))
		require.NoError(t, err)
		require.InDelta(t, float64(i+1)*30, reset.Seconds(), 5)
		require.Empty(t, r.header.Get("x-ratelimit-limit-tokens"), "there is no such limit")
		require.Empty(t, r.header.Get("Retry-After"))
	}
	r := ask(t, s, "float", "x")
	require.Equal(t, http.StatusTooManyRequests, r.status)
	after, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 30, after, 3)
	ms, err := strconv.Atoi(r.header.Get("retry-after-ms"))
	require.NoError(t, err)
	require.LessOrEqual(t, ms, after*1000)
	require.Greater(t, ms, after*1000-1001)
	require.Equal(t, "0", r.header.Get("x-ratelimit-remaining-requests"))
	require.Contains(t, string(r.body), `"code": "rate_limit_exceeded"`)
	require.Contains(t, string(r.body), "on requests per min (RPM): Limit 2, Used 2, Requested 1. Please try again in ")
	require.EqualValues(t, 2, s.Texts())
}

func TestTokensPerMinute(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{TPM: 1000})
	r := ask(t, s, "float", long(900))
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "1000", r.header.Get("x-ratelimit-limit-tokens"))
	require.Equal(t, "100", r.header.Get("x-ratelimit-remaining-tokens"))

	r = ask(t, s, "float", long(500))
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Contains(t, string(r.body), `"type": "tokens"`)
	require.Contains(t, string(r.body), "Requested 500. Please try again in ")
	after, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 24, after, 3)

	r = ask(t, s, "float", long(1001))
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Contains(t, string(r.body), "Request too large for text-embedding-3-small in organization org-providertest on tokens per min (TPM): Limit 1000, Requested 1001.")
	require.Empty(t, r.header.Get("Retry-After"), "waiting would not help")
}

// Limits are said in each dialect's way, and in headers only where it has them.
func TestLimitsOfDialects(t *testing.T) {
	t.Parallel()
	for d, tt := range map[providertest.Dialect]struct {
		status        int
		says          string
		headers, wait bool
	}{
		providertest.OpenAI:      {429, "rate_limit_exceeded", true, true},
		providertest.Azure:       {429, "exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 60 seconds.", true, true},
		providertest.VLLM:        {429, "Rate limit reached", false, true},
		providertest.TEI:         {429, "Model is overloaded", false, false},
		providertest.LlamaServer: {429, "Rate limit reached", false, true},
		providertest.LiteLLM:     {429, "throttling_error", true, true},
		providertest.Ollama:      {503, "server busy", false, false},
	} {
		s := start(t, providertest.Options{Dialect: d, RPM: 1, TPM: 1000})
		body := request(t, map[string]any{"model": model, "input": "x"})
		r, err := do(t, http.DefaultClient, endpoint(s, d), nil, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, tt.headers, r.header.Get("x-ratelimit-remaining-tokens") != "", "%s", d)
		r, err = do(t, http.DefaultClient, endpoint(s, d), nil, body)
		require.NoError(t, err)
		require.Equal(t, tt.status, r.status, "%s", d)
		require.Contains(t, string(r.body), tt.says)
		require.Equal(t, tt.wait, r.header.Get("Retry-After") != "", "%s", d)
	}
	s := start(t, providertest.Options{Dialect: providertest.Azure, TPM: 2})
	r, err := do(t, http.DefaultClient, endpoint(s, providertest.Azure), nil, fmt.Sprintf(`{"input":%q}`, long(3)))
	require.NoError(t, err)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Contains(t, string(r.body), "exceeded token rate limit")
}
