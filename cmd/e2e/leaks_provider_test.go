package e2e

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

// gossip is a provider that speaks OpenAI's wire format and, whenever it says
// no, repeats all that it was told: the key, the headers and the texts.
type gossip struct {
	url string
	// refuseAll answers every request with 401.
	refuseAll atomic.Bool
	// told counts the answers that repeated something.
	told atomic.Int64

	embedder *hashing.Embedder
	asked    atomic.Int64
}

// refused is a word whose text the provider never embeds.
const refused = "unspeakable"

func newGossip(t *testing.T, dimensions int) *gossip {
	t.Helper()
	e, err := hashing.New(backends.Model{Name: "theirs", Dimensions: dimensions}, hashing.Config{})
	require.NoError(t, err)
	g := &gossip{embedder: e}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	g.url = s.URL + "/v1"
	return g
}

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Input []string `json:"input"`
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n := g.asked.Add(1)
	switch {
	case g.refuseAll.Load():
		g.repeat(w, r, ask.Input, http.StatusUnauthorized, "invalid_api_key")
	case n%7 == 3:
		g.repeat(w, r, ask.Input, http.StatusInternalServerError, "server_error")
	case n%7 == 5:
		w.Header().Set("Retry-After", "1")
		g.repeat(w, r, ask.Input, http.StatusTooManyRequests, "rate_limit_exceeded")
	case strings.Contains(strings.Join(ask.Input, "\n"), refused):
		g.repeat(w, r, ask.Input, http.StatusBadRequest, "invalid_request_error")
	default:
		g.answer(w, r, ask.Input)
	}
}

func (g *gossip) repeat(w http.ResponseWriter, r *http.Request, texts []string, status int, code string) {
	g.told.Add(1)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", "req-"+code)
	w.WriteHeader(status)
	said := fmt.Sprintf("%s: headers %v, input %q", code, r.Header, texts)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": said, "type": code, "code": code, "param": texts[0]}})
}

func (g *gossip) answer(w http.ResponseWriter, r *http.Request, texts []string) {
	made, err := g.embedder.Embed(r.Context(), backends.Document, texts)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	type entry struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding string `json:"embedding"`
	}
	var data []entry
	for i, v := range made.Vectors {
		data = append(data, entry{"embedding", i, base64.StdEncoding.EncodeToString(littleEndian(v))})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"object": "list", "model": "theirs", "data": data,
		"usage": map[string]int64{"prompt_tokens": made.Tokens, "total_tokens": made.Tokens},
	})
}

func littleEndian(v []float32) []byte {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return raw
}
