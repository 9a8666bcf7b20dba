package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

var quiet = slog.New(slog.DiscardHandler)

func fetch(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w.Code, w.Body.String()
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var temporal, registry error
	s := newSecrets(environment{"DSN=canary-secret"})
	s.lookup("DSN")
	h := &health{redact: s.redact, checks: []check{
		{"temporal", func(context.Context) error { return temporal }},
		{"registry main", func(context.Context) error { return registry }},
	}}
	mux := routes(prometheus.NewRegistry(), h, quiet)

	code, body := fetch(t, mux, "GET", "/readyz")
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"ready":true,"checks":{"temporal":"ok","registry main":"ok"}}`, body)

	registry = errors.New("dial canary-secret: refused")
	code, body = fetch(t, mux, "GET", "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.JSONEq(t, `{"ready":false,"checks":{"temporal":"ok","registry main":"dial ${DSN}: refused"}}`, body)

	registry = nil
	h.stopping.Store(true)
	code, body = fetch(t, mux, "GET", "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.JSONEq(t, `{"ready":false,"checks":{"temporal":"ok","registry main":"ok","worker":"is stopping"}}`, body)

	temporal = errors.New("down")
	code, body = fetch(t, mux, "GET", "/healthz")
	require.Equal(t, http.StatusOK, code, "a process that lives is not restarted because another is down")
	require.JSONEq(t, `{"status":"alive"}`, body)
}

// A driver that does not heed its context must not hold a probe.
func TestReadinessDoesNotHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := &health{redact: func(s string) string { return s }, checks: []check{
			{"deaf", func(context.Context) error { <-release; return nil }},
			{"quick", func(context.Context) error { return nil }},
		}}
		begun := time.Now()
		report := h.check(t.Context())
		require.Equal(t, checkTimeout, time.Since(begun))
		require.Equal(t, readiness{Checks: map[string]string{"deaf": "no answer in time", "quick": "ok"}}, report)
		close(release)
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	newMetrics(reg, "v1")
	h := &health{}
	plain := routes(reg, h, quiet)

	code, body := fetch(t, plain, "GET", "/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "reembed_jobs_completed_total 0\n", "counters are there before they count")
	require.Contains(t, body, "go_goroutines")

	for path, want := range map[string]int{"/": 404, "/debug/pprof/": 404, "/debug/pprof/heap": 404, "/debug/pprof/cmdline": 404} {
		code, _ := fetch(t, plain, "GET", path)
		require.Equal(t, want, code, path)
	}
	code, _ = fetch(t, plain, "POST", "/metrics")
	require.Equal(t, http.StatusMethodNotAllowed, code)
	code, _ = fetch(t, profiles(), "GET", "/debug/pprof/")
	require.Equal(t, http.StatusOK, code)
	code, _ = fetch(t, profiles(), "GET", "/metrics")
	require.Equal(t, http.StatusNotFound, code)
}

// One check for each store that keeps a registry, not for each namespace.
func TestRegistries(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	c := &catalog.Catalog{
		Stores: map[string]catalog.StoreSpec{},
		Namespaces: map[string]catalog.Namespace{
			"a": {Name: "a", Store: "one"}, "b": {Name: "b", Store: "two"}, "c": {Name: "c", Store: "one"},
		},
	}
	for _, name := range []string{"one", "two", "three"} {
		c.Stores[name] = catalog.StoreSpec{Name: name, Open: func(context.Context) (catalog.Store, error) {
			return nil, errors.Join(down, errors.New(name))
		}}
	}
	names := func(checks []check) (out []string) {
		for _, c := range checks {
			err := c.ask(t.Context())
			require.ErrorIs(t, err, down)
			out = append(out, c.name)
			require.ErrorContains(t, err, out[len(out)-1][len("registry "):])
		}
		return out
	}
	require.Equal(t, []string{"registry one", "registry two"}, names(registries(catalog.NewWorld(c, catalog.Decorators{}))))
	shared := *c
	shared.Registry = "three"
	require.Equal(t, []string{"registry three"}, names(registries(catalog.NewWorld(&shared, catalog.Decorators{}))))
}

type unpingable struct {
	backends.Registry
	err error
}

func (u unpingable) Ping(context.Context) error { return u.err }

type registryStore struct {
	catalog.Store
	err error
}

func (s registryStore) Registry() (backends.Registry, error) { return unpingable{err: s.err}, nil }

func TestRegistryIsPinged(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, backends.ErrUnavailable} {
		c := &catalog.Catalog{
			Stores: map[string]catalog.StoreSpec{"s": {Open: func(context.Context) (catalog.Store, error) {
				return registryStore{err: want}, nil
			}}},
			Namespaces: map[string]catalog.Namespace{"a": {Name: "a", Store: "s"}},
		}
		checks := registries(catalog.NewWorld(c, catalog.Decorators{}))
		require.Len(t, checks, 1)
		require.ErrorIs(t, checks[0].ask(t.Context()), want)
	}
}

func TestServerServesAndCloses(t *testing.T) {
	t.Parallel()
	l, err := listen("127.0.0.1:0", "--some-addr")
	require.NoError(t, err)
	_, err = listen(l.Addr().String(), "--some-addr")
	require.ErrorContains(t, err, "--some-addr")
	require.ErrorContains(t, err, l.Addr().String())

	broken := make(chan error, 1)
	s := serve(l, routes(prometheus.NewRegistry(), &health{}, quiet), broken, quiet)
	resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.True(t, json.Valid(body))

	require.NoError(t, s.close())
	_, err = net.DialTimeout("tcp", l.Addr().String(), time.Second)
	require.Error(t, err)
	require.Empty(t, broken, "a close is no breakage")
}

func TestServerThatBreaksTells(t *testing.T) {
	t.Parallel()
	l, err := listen("127.0.0.1:0", "--some-addr")
	require.NoError(t, err)
	broken := make(chan error, 1)
	s := serve(l, http.NotFoundHandler(), broken, quiet)
	require.NoError(t, l.Close())
	require.ErrorContains(t, <-broken, "HTTP server")
	require.NoError(t, s.close())
}
