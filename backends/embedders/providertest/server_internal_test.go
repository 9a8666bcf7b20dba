package providertest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A mistake of the server's own is no fault that a driver should see pass for one.
func TestCloseTellsOfAPanic(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{Models: map[string]int{"m": 8}})
	require.NoError(t, err)
	s.manner.head = nil
	_, err = http.Post(s.URL()+"/embeddings", "application/json", strings.NewReader(`{"model":"m","input":"x"}`))
	require.Error(t, err)
	err = s.Close()
	require.ErrorContains(t, err, "nil pointer")
	require.ErrorContains(t, err, "embed.go")
}

// What is kept of requests is bounded, and the last ones are.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	s := &Server{}
	for i := range 3*kept + 5 {
		s.remember(&Request{Inputs: i})
	}
	all := s.Requests()
	require.LessOrEqual(t, len(all), kept)
	require.Greater(t, len(all), kept/2)
	require.Equal(t, 3*kept+4, all[len(all)-1].Inputs)
	for i := range all[1:] {
		require.Equal(t, all[i].Inputs+1, all[i+1].Inputs)
	}
}

// Each dialect has an answer to all that it can be asked for.
func TestManners(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, d := range Dialects() {
		m := manners[d].with(Options{})
		require.NotEmpty(t, m.name)
		names[m.name] = true
		require.Equal(t, http.StatusTooManyRequests, m.quota.status, m.name)
		require.Equal(t, http.StatusTooManyRequests, m.budget.status, m.name)
		for _, f := range []any{m.spell, m.head, m.id, m.badKey, m.noRoute, m.badBody, m.emptyArray, m.tooManyInputs, m.tooManyTokens, m.dimensions, m.rateLimited} {
			require.NotNil(t, f, m.name)
		}
		require.Equal(t, m.bodyBytes > 0, m.bodyTooLarge != nil, m.name)
		for status, f := range m.refusals {
			require.Equal(t, status, f.status, m.name)
		}
	}
	require.Len(t, names, len(manners))
}

// A connection that is idle for long is closed, as uvicorn and llama-server do.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	for d, idle := range map[Dialect]time.Duration{OpenAI: 0, VLLM: 5 * time.Second, LlamaServer: 5 * time.Second, LiteLLM: 5 * time.Second} {
		require.Equal(t, idle, New(t, Options{Dialect: d, Models: map[string]int{"m": 8}}).http.IdleTimeout, "%s", d)
	}
}
