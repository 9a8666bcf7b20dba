package providertest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory of bodies, asked and answered.
var (
	asked    = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	answered = sync.Pool{New: func() any { return new([]byte) }}
)

// exchange is one request on its way through the server.
type exchange struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	begun  time.Time
	id     string
	fault  *Fault
	record *Request // nil: not kept
	ask    ask
	model  string // that answers
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()
	x := &exchange{Server: s, w: w, r: r, begun: time.Now(), id: s.requestID()}
	for name, value := range s.manner.headers {
		w.Header().Set(name, value)
	}
	if s.manner.idHeader != "" {
		w.Header().Set(s.manner.idHeader, x.id)
	}
	deployment, ok := s.route(r)
	switch {
	case !ok:
		x.refuse(s.noRoute(r))
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		x.refuse(failure{status: http.StatusMethodNotAllowed, kind: "invalid_request_error", message: "Not allowed to " + r.Method + " on " + r.URL.Path + "."})
	default:
		x.embeddings(deployment)
	}
}

// route reports whether a path is that of the embeddings, and which deployment
// it names, if the dialect has those.
func (s *Server) route(r *http.Request) (deployment string, ok bool) {
	return "", r.URL.Path == s.manner.base+"/embeddings"
}

func (s *Server) noRoute(r *http.Request) failure {
	return failure{
		status: http.StatusNotFound, kind: "invalid_request_error",
		message: fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path),
	}
}

func (s *Server) requestID() string {
	return fmt.Sprintf("req_%032x", s.serial.Add(1))
}

// embeddings answers a request to embed.
func (x *exchange) embeddings(deployment string) {
	body := asked.Get().(*bytes.Buffer)
	defer asked.Put(body)
	body.Reset()
	if _, err := io.Copy(body, x.r.Body); err != nil { // the client left
		panic(http.ErrAbortHandler)
	}
	var bad error
	if x.ask, bad = parse(body.Bytes()); deployment != "" {
		x.ask.model = deployment
	}
	x.fault = x.Server.fault()
	keyed := x.keyed()
	x.keep(body.Len(), keyed)
	if x.fault != nil {
		if !x.pause(x.fault.Delay) || x.interrupt() {
			return
		}
	}
	if !keyed {
		x.refuse(x.manner.badKey(x.shown() != ""))
		return
	}
	if f := x.admit(bad); f != nil {
		x.refuse(*f)
		return
	}
	x.embed()
}

// shown is the key of the request.
func (x *exchange) shown() string {
	if x.opts.Dialect == Azure {
		if key := x.r.Header.Get("Api-Key"); key != "" {
			return key
		}
	}
	scheme, key, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}

func (x *exchange) keyed() bool { return x.opts.Key == "" || x.shown() == x.opts.Key }

// keep records the request.
func (x *exchange) keep(bytes int, keyed bool) {
	if x.opts.Forget {
		return
	}
	x.record = &Request{
		ID: x.id, Method: x.r.Method, Path: x.r.URL.Path, Query: x.r.URL.Query(), Header: withoutKeys(x.r.Header), Keyed: keyed,
		Model: x.ask.model, Inputs: len(x.ask.texts), EncodingFormat: x.ask.format, Dimensions: x.ask.dimensions,
		Bytes: bytes, Sums: sums(x.ask.texts),
	}
	for _, text := range x.ask.texts {
		x.record.Tokens += Tokens(text)
	}
	if x.fault != nil {
		x.record.Fault = x.fault.Kind
	}
	x.Server.record(x.record)
}

// embed makes the vectors and sends them, as they are or as a fault wants them.
func (x *exchange) embed() {
	texts := x.cut()
	native := x.opts.Models[x.model]
	dimensions, f := x.manner.dimensions(x.model, x.ask.dimensions, native)
	if f != nil {
		x.refuse(*f)
		return
	}
	name := x.model
	if x.fault != nil && x.fault.Kind == OtherModel {
		name += " of another time"
	}
	space, err := x.spaces.of(name, dimensions)
	if err != nil {
		x.refuse(failure{status: http.StatusInternalServerError, kind: "server_error", message: err.Error()})
		return
	}
	a := answer{model: x.model, base64: x.ask.format == "base64"}
	if len(texts) > 0 {
		if a.vectors, err = space.embed(x.r.Context(), texts); err != nil {
			panic(http.ErrAbortHandler) // the client left
		}
	}
	for _, text := range texts {
		a.tokens += Tokens(text)
	}
	x.texts.Add(int64(len(texts)))
	if !x.pause(x.opts.Latency - time.Since(x.begun)) {
		return
	}
	if x.fault != nil {
		x.spoil(&a)
	}
	body := answered.Get().(*[]byte)
	defer answered.Put(body)
	*body = a.append((*body)[:0], x.manner.head(x.id))
	if x.fault != nil && x.garble(*body) {
		return
	}
	x.send(http.StatusOK, "application/json", *body)
}

// cut is the texts, cut where the dialect truncates.
func (x *exchange) cut() []string {
	texts, limit := x.ask.texts, x.manner.inputTokens
	if x.manner.tooLong != nil || limit == 0 {
		return texts
	}
	for i, text := range texts {
		if Tokens(text) > limit {
			texts[i] = strings.ToValidUTF8(text[:4*limit], "")
		}
	}
	return texts
}

// refuse sends a failure as the dialect spells it.
func (x *exchange) refuse(f failure) {
	for name, values := range f.header {
		x.w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	x.send(f.status, "application/json", x.manner.spell(f))
}

func (x *exchange) send(status int, contentType string, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.record != nil {
		x.finish(x.record, status)
	}
	if _, err := x.w.Write(body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) { // the client left
		panic(http.ErrAbortHandler)
	}
}

// pause waits, without a hold on anything, and reports whether the client is
// still there.
func (x *exchange) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.closing:
	}
	return false
}
