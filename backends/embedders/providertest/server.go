package providertest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
)

// Server is a running server. It is safe for concurrent use.
type Server struct {
	opts   Options
	manner manner
	only   string // the model that answers whatever is asked for
	spaces spaces
	rpm    *bucket // nil: no bound
	tpm    *bucket

	addr   string
	ca     []byte
	http   *http.Server
	served chan error

	texts    atomic.Int64
	serial   atomic.Int64 // of request ids
	handlers sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	faults   []*counted
	struck   int
	requests []*Request
	broken   error // what the server itself did wrong
}

// Start starts a server on the loopback. Close it.
func Start(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	s := &Server{
		opts: o, manner: manners[o.Dialect].with(o), only: onlyModel(o),
		rpm: newBucket("requests", o.RPM), tpm: newBucket("tokens", o.TPM),
		served: make(chan error, 1),
	}
	// What a client does to its connection is not ours to complain about.
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), Protocols: new(http.Protocols)}
	s.http.Protocols.SetHTTP1(true) // faults close connections, and those of HTTP/2 are shared
	s.http.IdleTimeout = s.manner.idle
	s.http.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connection{}, new(int))
	}
	listener, err := net.Listen("tcp", cmp.Or(o.Addr, anyPort))
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if o.TLS {
		var pair tls.Certificate
		if s.ca, pair, err = issue(); err != nil {
			return nil, errors.Join(fmt.Errorf("provider: %w", err), listener.Close())
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	s.addr = listener.Addr().String()
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// New starts a server that closes with the test.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// URL is the base_url of a catalog: where /embeddings is below, or, for Azure,
// what the portal calls the endpoint, where /openai is below.
func (s *Server) URL() string {
	scheme := "http://"
	if s.opts.TLS {
		scheme = "https://"
	}
	return scheme + s.addr + s.manner.base
}

// Addr is where the server listens: host and port.
func (s *Server) Addr() string { return s.addr }

// CA is the PEM of the certificate that signed the server's; nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// Close closes the listener and all connections, which ends answers that hang,
// and returns when nothing runs any more, with what the server itself did wrong, if
// it did. Closing again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.http.Close()
	s.handlers.Wait()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.broken)
}

// enter lets a handler in, unless the server closes.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.handlers.Add(1)
	return true
}

// leave lets a handler out. A panic other than that which closes a connection
// is kept for Close: net/http would only log it.
func (s *Server) leave() {
	defer s.handlers.Done()
	wrong := recover()
	if wrong == nil {
		return
	}
	if err, ok := wrong.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		s.mu.Lock()
		s.broken = errors.Join(s.broken, fmt.Errorf("provider: %v: %s", wrong, debug.Stack()))
		s.mu.Unlock()
	}
	panic(http.ErrAbortHandler)
}
