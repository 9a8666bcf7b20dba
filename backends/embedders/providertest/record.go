package providertest

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// kept is how many requests a server remembers: the last ones.
const kept = 4096

// Request is what a server was asked. It has no text.
type Request struct {
	ID             string // as in the answer's headers; the dialects name them differently
	Path           string
	Query          url.Values
	Header         http.Header // without Authorization and api-key
	Keyed          bool        // the right key was shown, or none is needed
	Model          string      // Azure: the deployment
	Inputs         int
	Tokens         int                 // by Tokens
	EncodingFormat string              // "" when it was not named
	Dimensions     int                 // 0 when they were not named
	Bytes          int                 // of the body
	Sums           [][sha256.Size]byte // SHA-256 of each text, in order
	Status         int                 // answered; 0: not yet, or no proper answer
	Fault          Kind                // that struck it, if one did
}

// Requests returns the requests to the embeddings, in the order in which they
// were read, the last 4,096 of them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = *r
	}
	return out
}

// Texts is how many texts were embedded so far, also those whose answer a fault
// took away.
func (s *Server) Texts() int64 { return s.texts.Load() }

// remember keeps a request; its memory is nobody else's.
func (s *Server) remember(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == kept {
		s.requests = slices.Delete(s.requests, 0, kept/4)
	}
	s.requests = append(s.requests, r)
}

// answered notes what a recorded request is answered with.
func (s *Server) answered(r *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Status = status
}

func withoutKeys(h http.Header) http.Header {
	h = maps.Clone(h)
	h.Del("Authorization")
	h.Del("Api-Key")
	return h
}

func sums(texts []string) [][sha256.Size]byte {
	out := make([][sha256.Size]byte, len(texts))
	for i, text := range texts {
		out[i] = sha256.Sum256([]byte(text))
	}
	return out
}
