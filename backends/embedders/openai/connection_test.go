package openai_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/openai"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

func TestTLSWithACAOfItsOwn(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{TLS: true, Key: key})
	_, err := dial(t, s, model(64)).Embed(t.Context(), backends.Document, texts)
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorContains(t, err, "ca_file")
	require.Empty(t, s.Requests(), "nothing is sent to who can't prove itself")
	tellsNothing(t, err)

	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, s.CA(), 0o600))
	_, err = dial(t, s, model(64), func(c *openai.Config) { c.CAFile = file }).Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
}

// Where the server speaks HTTP/2, requests share a connection, with a CA of its
// own as without.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	var major atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		major.Store(int64(r.ProtoMajor))
		_, _ = io.WriteString(w, `{"data":[{"index":0,"embedding":[1,0,0,0]}]}`)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	c, err := openai.NewClient(openai.Config{BaseURL: s.URL, CAFile: file})
	require.NoError(t, err)
	e, err := c.Embedder(model(4))
	require.NoError(t, err)
	_, err = e.Embed(t.Context(), backends.Document, []string{"tea"})
	require.NoError(t, err)
	require.EqualValues(t, 2, major.Load())
}

func TestCAFileThatIsNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.pem")
	cfg := openai.Config{BaseURL: "https://localhost/v1", CAFile: file}
	_, err := openai.NewClient(cfg)
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte("no certificate"), 0o600))
	_, err = openai.NewClient(cfg)
	require.ErrorIs(t, err, backends.ErrInvalidInput)
}

// A redirect must take neither key nor texts to another address.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		e := fake(t, model(64), func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		_, err := e.Embed(t.Context(), backends.Document, texts)
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.ErrorContains(t, err, "mend base_url")
		tellsNothing(t, err)
	}
	require.Zero(t, elsewhere.Load())
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{Latency: time.Minute})
	began := time.Now()
	_, err := dial(t, s, model(64), func(c *openai.Config) { c.Timeout = 50 * time.Millisecond }).Embed(t.Context(), backends.Document, texts)
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorContains(t, err, "no answer within 50ms")
	require.Less(t, time.Since(began), 30*time.Second)
}

// Connections are kept: a job of thousands of requests must not open thousands.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"data":[{"index":0,"embedding":[1,0,0,0]}]}`)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c, err := openai.NewClient(openai.Config{BaseURL: s.URL})
	require.NoError(t, err)
	e, err := c.Embedder(model(4))
	require.NoError(t, err)
	const together, rounds = 16, 20
	for range rounds {
		done := make(chan error)
		for range together {
			go func() {
				_, err := e.Embed(t.Context(), backends.Document, []string{"tea"})
				done <- err
			}()
		}
		for range together {
			require.NoError(t, <-done)
		}
	}
	require.LessOrEqual(t, opened.Load(), int64(5*together), "of %d requests", together*rounds)
}
