package providertest

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// admit checks a request against all that the dialect refuses, in the order in
// which servers do, and returns the first refusal.
func (x *exchange) admit(bytes int) *failure {
	m := &x.manner
	if m.bodyBytes > 0 && bytes > m.bodyBytes {
		return at(m.bodyTooLarge())
	}
	x.model = x.only
	if x.only == "" {
		x.model = x.ask.model
		if _, ok := x.opts.Models[x.model]; !ok {
			return at(m.unknownModel(x.model))
		}
	}
	texts := x.ask.texts
	if len(texts) == 0 {
		return at(m.emptyArray())
	}
	if m.inputs > 0 && len(texts) > m.inputs {
		return at(m.tooManyInputs(len(texts), m.inputs))
	}
	tokens := 0
	for _, text := range texts {
		n := Tokens(text)
		if n == 0 && m.emptyText != nil {
			return at(m.emptyText())
		}
		if m.inputTokens > 0 && n > m.inputTokens && m.tooLong != nil {
			return at(m.tooLong(n, m.inputTokens))
		}
		tokens += n
	}
	if m.requestTokens > 0 && tokens > m.requestTokens {
		return at(m.tooManyTokens(tokens, m.requestTokens))
	}
	if f := x.meter(x.rpm, 1, 1); f != nil {
		return f
	}
	return x.meter(x.tpm, tokens, 0)
}

func at(f failure) *failure { return &f }

// meter takes n from what a minute allows, and says in headers what is left.
func (x *exchange) meter(b *bucket, n, fine int) *failure {
	if b == nil {
		return nil
	}
	r, ok := b.take(n, fine)
	h := x.w.Header()
	if x.manner.rateHeaders {
		h.Set("X-Ratelimit-Limit-"+b.unit, strconv.Itoa(r.limit))
		h.Set("X-Ratelimit-Remaining-"+b.unit, strconv.Itoa(r.remaining))
		h.Set("X-Ratelimit-Reset-"+b.unit, r.reset.Round(time.Millisecond).String())
	}
	if ok {
		return nil
	}
	if satisfiable := r.asked <= r.limit; satisfiable && x.manner.retryAfter {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.wait.Seconds()))))
		if x.manner.retryMS {
			h.Set("Retry-After-Ms", strconv.Itoa(int(math.Ceil(float64(r.wait)/float64(time.Millisecond)))))
		}
	}
	return at(x.manner.rateLimited(r, x.model))
}

// rateOf is what a limit of requests looks like that is used up, for faults.
func rateOf() rate {
	return rate{unit: "requests", limit: 3000, used: 3000, asked: 1, wait: 20 * time.Millisecond, reset: time.Minute}
}

// refusal is what the dialect answers with a status, for faults.
func (x *exchange) refusal(status int) failure {
	f, known := x.manner.refusals[status]
	switch {
	case known:
		return f
	case status == http.StatusUnauthorized:
		return x.manner.badKey(x.key())
	case status == http.StatusNotFound:
		return x.manner.unknownModel(x.ask.model)
	case status == http.StatusTooManyRequests:
		return x.manner.rateLimited(rateOf(), x.ask.model)
	}
	return failure{status: status, kind: "server_error", message: http.StatusText(status)}
}
