package providertest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.leave()
	x := &exchange{Server: s, w: w, r: r, begun: time.Now(), id: s.manner.id(s.serial.Add(1))}
	h := w.Header()
	for name, value := range s.manner.headers {
		h.Set(name, value)
	}
	if s.manner.idHeader != "" {
		h.Set(s.manner.idHeader, x.id)
	}
	if n, ok := r.Context().Value(connection{}).(*int); ok {
		if *n++; *n == s.manner.perConnection {
			h.Set("Connection", "close")
		}
	}
	deployment, ok := s.route(r.URL)
	switch {
	case !ok:
		x.refuse(s.manner.noRoute(r.Method, r.URL.Path))
	case r.Method != http.MethodPost:
		h.Set("Allow", http.MethodPost)
		x.refuse(*s.manner.notAllowed)
	default:
		x.embeddings(deployment)
	}
}

// connection is the key of how many requests a connection has had; it has one
// at a time.
type connection struct{}

// route reports whether a path is that of the embeddings, and which deployment
// it names, if it is of the kind that does.
func (s *Server) route(u *url.URL) (deployment string, ok bool) {
	switch s.opts.Dialect {
	case Azure:
		if u.Path == "/openai/v1/embeddings" { // the model is in the body, api-version may be left out
			return "", true
		}
		rest, classic := strings.CutPrefix(u.Path, "/openai/deployments/")
		deployment, embeddings := strings.CutSuffix(rest, "/embeddings")
		return deployment, classic && embeddings && deployment != "" && u.Query().Get("api-version") != ""
	case TEI:
		return "", u.Path == "/v1/embeddings" || u.Path == "/embeddings"
	default:
		return "", u.Path == "/v1/embeddings"
	}
}
