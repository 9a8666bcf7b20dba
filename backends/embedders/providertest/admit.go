package providertest

import (
	"net/http"
	"strconv"
	"time"
)

// admit checks a request against all that a dialect refuses, in the order in
// which servers do, and returns the first refusal.
func (x *exchange) admit(bad error) *failure {
	m := &x.manner
	if bad != nil {
		return at(m.badBody(bad))
	}
	x.model = x.only
	if x.only == "" {
		x.model = x.ask.model
		if _, ok := x.opts.Models[x.model]; !ok {
			return at(m.unknownModel(x.model))
		}
	}
	texts := x.ask.texts
	if len(texts) == 0 && m.emptyArray != nil {
		return at(m.emptyArray())
	}
	if m.inputs > 0 && len(texts) > m.inputs {
		return at(m.tooManyInputs(len(texts), m.inputs))
	}
	tokens := 0
	for i, text := range texts {
		n := Tokens(text)
		if n == 0 && m.emptyText != nil {
			return at(m.emptyText(i))
		}
		if m.inputTokens > 0 && n > m.inputTokens && m.tooLong != nil {
			return at(m.tooLong(n, m.inputTokens, i))
		}
		tokens += n
	}
	if m.requestTokens > 0 && tokens > m.requestTokens {
		return at(m.tooManyTokens(tokens, m.requestTokens))
	}
	return x.meter(tokens)
}

func at(f failure) *failure { return &f }

// meter takes the request and its tokens from what a minute allows, and tells
// what is left in the answer's headers.
func (x *exchange) meter(tokens int) *failure {
	units := []struct {
		bucket     *bucket
		name, unit string
		n, fine    int
	}{{x.rpm, "requests", "requests", 1, 1}, {x.tpm, "tokens", "tokens", tokens, 0}}
	for _, u := range units {
		if u.bucket == nil {
			continue
		}
		r, ok := u.bucket.take(u.n, u.fine)
		if x.manner.rateHeaders {
			h := x.w.Header()
			h.Set("x-ratelimit-limit-"+u.name, strconv.Itoa(r.limit))
			h.Set("x-ratelimit-remaining-"+u.name, strconv.Itoa(r.remaining))
			h.Set("x-ratelimit-reset-"+u.name, r.reset.Round(time.Millisecond).String())
		}
		if !ok {
			f := x.manner.rateLimited(r, u.unit, x.model)
			if f.header == nil {
				f.header = http.Header{}
			}
			f.header.Set("Retry-After", strconv.Itoa(int(max(1, (r.wait+time.Second-1)/time.Second))))
			return &f
		}
	}
	return nil
}
