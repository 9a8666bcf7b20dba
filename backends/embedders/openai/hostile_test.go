package openai_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// endless is a body without an end.
type endless struct{ sent atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.sent.Add(int64(len(p)))
	return len(p), nil
}

// A server may not fill the worker's memory.
func TestAnswersAreReadUpToABound(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		body := &endless{}
		e := fake(t, model(64), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.Copy(w, body) // ends when the client leaves
		})
		_, err := e.Embed(t.Context(), backends.Document, texts)
		require.Error(t, err)
		require.Less(t, body.sent.Load(), int64(100<<20))
		if status == http.StatusOK {
			require.ErrorIs(t, err, backends.ErrUnavailable)
			require.ErrorContains(t, err, "larger than its vectors can be")
		}
	}
	announced := fake(t, model(64), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99999999999")
		_, _ = w.Write([]byte("{"))
	})
	_, err := announced.Embed(t.Context(), backends.Document, texts)
	require.ErrorContains(t, err, "larger than its vectors can be")
}

// TestServersThatQuote: whatever a server puts where, no error repeats a text, a
// part of one that stands as a word, or the key.
func TestServersThatQuote(t *testing.T) {
	t.Parallel()
	secrets := []string{"canary-7f3a", canary, "CANARY-7F3A", key, key[:12], "the-key-is-" + key}
	for _, status := range []int{200, 307, 400, 401, 402, 403, 404, 405, 408, 413, 422, 424, 429, 500, 501, 503} {
		for _, secret := range secrets {
			e := fake(t, model(64), func(w http.ResponseWriter, _ *http.Request) {
				for _, name := range []string{"X-Request-Id", "Apim-Request-Id", "Content-Type", "Retry-After", "X-Ratelimit-Reset-Tokens"} {
					w.Header().Set(name, secret)
				}
				w.WriteHeader(status)
				_ = json.NewEncoder(w).Encode(map[string]any{
					"error": map[string]string{"message": secret, "type": secret, "code": secret, "param": secret, "status": secret},
				})
			})
			_, err := e.Embed(t.Context(), backends.Document, texts)
			require.Error(t, err)
			tellsNothing(t, err)
			require.NotContains(t, strings.ToLower(err.Error()), "7f3a", "status %d, %s", status, secret)
		}
	}
}

// What goes wrong below HTTP is told without what was sent.
func TestBrokenHTTPIsNotQuoted(t *testing.T) {
	t.Parallel()
	e := fake(t, model(64), func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, err = conn.Write([]byte("HTTP/1.1 " + canary + "\r\n" + canary + "\r\n\r\n"))
			_ = errors.Join(err, conn.Close())
		}
	})
	_, err := e.Embed(t.Context(), backends.Document, texts)
	require.ErrorIs(t, err, backends.ErrUnavailable)
	tellsNothing(t, err)
}
