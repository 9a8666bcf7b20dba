package providertest_test

import (
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// connections is how many connections a client needs for n requests, one after
// another, of which the bad ones are refused.
func connections(t *testing.T, d providertest.Dialect, n int, bad map[int]bool) int {
	t.Helper()
	s := start(t, providertest.Options{Dialect: d, Models: map[string]int{model: 4}})
	client := trusting(t, s)
	opened := 0
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if !c.Reused {
			opened++
		}
	}}
	for i := range n {
		body, status := `{"model":"`+model+`","input":"x"}`, 200
		if bad[i] {
			body, status = `{"model":"`+model+`","input":[]}`, 400
		}
		r, err := doTraced(t, trace, client, endpoint(s, d), body)
		require.NoError(t, err)
		require.Equal(t, status, r.status)
	}
	return opened
}

// Seen on a real llama-server: it hangs up after a refusal and after 100 requests.
func TestConnectionsOfLlamaServer(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, connections(t, providertest.LlamaServer, 100, nil))
	require.Equal(t, 3, connections(t, providertest.LlamaServer, 201, nil))
	require.Equal(t, 3, connections(t, providertest.LlamaServer, 5, map[int]bool{1: true, 3: true}))
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	for _, d := range []providertest.Dialect{providertest.OpenAI, providertest.VLLM, providertest.TEI} {
		require.Equal(t, 1, connections(t, d, 201, map[int]bool{1: true, 3: true}), "%s", d)
	}
}
