package providertest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// Of the tests: a client of plain net/http and encoding/json, so that what the
// server says does not rest on a driver of ours.

const model = "text-embedding-3-small"

func start(t *testing.T, o providertest.Options) *providertest.Server {
	t.Helper()
	if o.Models == nil {
		o.Models = map[string]int{model: 256}
	}
	return providertest.New(t, o)
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

type embedding struct {
	Object    string          `json:"object"`
	Index     *int            `json:"index"`
	Embedding json.RawMessage `json:"embedding"`
}

type list struct {
	Object string      `json:"object"`
	Data   []embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  struct {
		Prompt int `json:"prompt_tokens"`
		Total  int `json:"total_tokens"`
	} `json:"usage"`
}

func do(t *testing.T, client *http.Client, url string, header http.Header, body string) (reply, error) {
	t.Helper()
	return send(t, t.Context(), client, url, header, body)
}

func doTraced(t *testing.T, trace *httptrace.ClientTrace, client *http.Client, url, body string) (reply, error) {
	t.Helper()
	return send(t, httptrace.WithClientTrace(t.Context(), trace), client, url, nil, body)
}

func send(t *testing.T, ctx context.Context, client *http.Client, url string, header http.Header, body string) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, header: res.Header, body: read}, err
}

// post asks for embeddings with a body, and needs an answer.
func post(t *testing.T, s *providertest.Server, body string) reply {
	t.Helper()
	r, err := do(t, http.DefaultClient, s.URL()+"/embeddings", nil, body)
	require.NoError(t, err)
	return r
}

// ask asks for the embeddings of texts.
func ask(t *testing.T, s *providertest.Server, format string, texts ...string) reply {
	t.Helper()
	return post(t, s, request(t, map[string]any{"model": model, "input": texts, "encoding_format": format}))
}

func request(t *testing.T, fields map[string]any) string {
	t.Helper()
	b, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(b)
}

func (r reply) list(t *testing.T) list {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.True(t, strings.HasPrefix(r.header.Get("Content-Type"), "application/json"))
	var l list
	require.NoError(t, json.Unmarshal(r.body, &l), "%.300s", r.body)
	return l
}

// vector reads either encoding.
func (e embedding) vector(t *testing.T) []float32 {
	t.Helper()
	if e.Embedding[0] == '[' {
		var v []float32
		require.NoError(t, json.Unmarshal(e.Embedding, &v))
		return v
	}
	var encoded string
	require.NoError(t, json.Unmarshal(e.Embedding, &encoded))
	raw, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.Zero(t, len(raw)%4)
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

// want is what Vector says.
func want(t *testing.T, model string, dimensions int, text string) []float32 {
	t.Helper()
	v, err := providertest.Vector(model, dimensions, text)
	require.NoError(t, err)
	return v
}

// endpoint is the whole address; of Azure that of the path with deployments.
func endpoint(s *providertest.Server, d providertest.Dialect) string {
	if d == providertest.Azure {
		return s.URL() + "/openai/deployments/" + model + "/embeddings?api-version=2024-10-21"
	}
	return s.URL() + "/embeddings"
}

// keyed is the header that shows a key.
func keyed(d providertest.Dialect, key string) http.Header {
	if d == providertest.Azure {
		return http.Header{"Api-Key": {key}}
	}
	return http.Header{"Authorization": {"Bearer " + key}}
}

// trusting is a client that knows the server's CA, if it has one.
func trusting(t *testing.T, s *providertest.Server) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	if s.CA() != nil {
		pool := x509.NewCertPool()
		require.True(t, pool.AppendCertsFromPEM(s.CA()))
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport}
}
