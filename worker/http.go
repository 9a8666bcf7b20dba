package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// httpStopTimeout is how long a scrape or probe under way may take at the end.
const httpStopTimeout = 5 * time.Second

// server serves until it is shut down.
type server struct{ http *http.Server }

// listen takes an address, which was given as what names says; what is served
// there begins with serve.
func listen(addr, names string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("HTTP address %q (%s): %w", addr, names, err)
	}
	return l, nil
}

// serve begins to serve. broken is sent the error of a server that ended by itself.
func serve(l net.Listener, handler http.Handler, broken chan<- error, log *slog.Logger) *server {
	s := &server{&http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			broken <- fmt.Errorf("HTTP server: %w", err)
		}
	}()
	return s
}

// close lets requests under way end, but not for long.
func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), httpStopTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop HTTP server: %w", err), s.http.Close())
	}
	return nil
}

// routes are what the worker serves to everybody.
func routes(reg *prometheus.Registry, h *health, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, Registry: reg,
	})
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "alive"}, log)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := h.check(r.Context())
		status := http.StatusOK
		if !report.Ready {
			status = http.StatusServiceUnavailable
		}
		reply(w, status, report, log)
	})
	return mux
}

func reply(w http.ResponseWriter, status int, body any, log *slog.Logger) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Debug("a client of the HTTP server went away", "error", err)
	}
}
