package worker

import (
	"net"
	"net/http"
	"net/http/pprof"
)

// listeners are the addresses that a worker serves at.
type listeners struct {
	http  net.Listener // of metrics and health
	pprof net.Listener // of profiles; nil: there are none
}

// listen takes the addresses of a Config, all or none.
func (c Config) listen() (listeners, error) {
	var l listeners
	var err error
	if l.http, err = listen(c.HTTPAddr, "--http-addr, REEMBED_HTTP_ADDR"); err != nil || c.PprofAddr == "" {
		return l, err
	}
	l.pprof, err = listen(loopback(c.PprofAddr), "--pprof, REEMBED_PPROF_ADDR")
	if err != nil {
		_ = l.http.Close() // nothing was served there; the other one's error is what counts
	}
	return l, err
}

// loopback is the address on this host alone, where it names no host: profiles
// show memory, in which there are texts and secrets.
func loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "" {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// profiles are served only to who can reach the address that was asked for.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
