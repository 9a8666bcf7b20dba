package providertest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// exchange is one request on its way through the server.
type exchange struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	begun  time.Time
	id     string
	fault  *Fault   // that strikes it; nil: none
	record *Request // nil: not kept
	ask    ask
	model  string // that answers
}

// bodies is the memory of what is asked.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// embeddings answers a request to embed.
func (x *exchange) embeddings(deployment string) {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if _, err := io.Copy(body, x.r.Body); err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
	asked, wrong := parse(body.Bytes())
	if deployment != "" {
		asked.model = deployment
	}
	x.ask, x.fault = asked, x.strikes(asked.texts)
	keyed := x.opts.Key == "" || x.key() == x.opts.Key
	x.keep(body.Len(), keyed)
	if x.fault != nil {
		x.pause(x.fault.Delay)
		if x.interrupt() {
			return
		}
	}
	if !keyed {
		x.refuse(x.manner.badKey(x.key()))
		return
	}
	if wrong != nil {
		x.refuse(x.manner.badBody(wrong, body.Bytes()))
		return
	}
	if f := x.admit(body.Len()); f != nil {
		x.refuse(*f)
		return
	}
	x.embed()
}

// key is what the request shows.
func (x *exchange) key() string {
	if key := x.r.Header.Get("Api-Key"); x.opts.Dialect == Azure && key != "" {
		return key
	}
	scheme, key, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}

// keep records the request.
func (x *exchange) keep(bytes int, keyed bool) {
	if x.opts.Forget {
		return
	}
	x.record = &Request{
		ID: x.id, Path: x.r.URL.Path, Query: x.r.URL.Query(), Header: withoutKeys(x.r.Header), Keyed: keyed,
		Model: x.ask.model, Inputs: len(x.ask.texts), EncodingFormat: x.ask.format, Dimensions: x.ask.dimensions,
		Bytes: bytes, Sums: sums(x.ask.texts),
	}
	for _, text := range x.ask.texts {
		x.record.Tokens += Tokens(text)
	}
	if x.fault != nil {
		x.record.Fault = x.fault.Kind
	}
	x.remember(x.record)
}

// refuse sends a failure as the dialect spells it.
func (x *exchange) refuse(f failure) {
	if x.manner.hangsUp {
		x.w.Header().Set("Connection", "close")
	}
	if f.as != "" {
		x.send(f.status, f.as, []byte(f.message))
		return
	}
	x.send(f.status, x.manner.contentType, x.manner.spell(f))
}

func (x *exchange) send(status int, contentType string, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.note(status)
	x.w.WriteHeader(status)
	if _, err := x.w.Write(body); err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
}

// note records what the request is answered with.
func (x *exchange) note(status int) {
	if x.record != nil {
		x.answered(x.record, status)
	}
}

// pause waits, without a hold on anything. When the connection is gone, as the
// client leaves or the server closes, nothing is answered any more.
func (x *exchange) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}
