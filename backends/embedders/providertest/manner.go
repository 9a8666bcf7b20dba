package providertest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"
)

// manner is how the server of one dialect behaves: what it refuses, and in
// which words. A function that is nil stands for what the server does not refuse.
type manner struct {
	name string
	base string // of the catalog's base_url

	contentType string            // of answers in JSON; empty: application/json
	headers     map[string]string // on every answer
	idHeader    string            // that carries the request's id; empty: none does
	id          func(n int64) string

	hangsUp       bool          // the connection is closed after a refusal
	perConnection int           // requests after which it is closed; 0: any number
	idle          time.Duration // after which it is closed; 0: never

	// Documented limits; 0: none.
	inputs, requestTokens, inputTokens, bodyBytes int

	spell func(f failure) []byte // an error's body
	head  func(id string) string // how a good body begins, with what the dialect adds
	// turn: model and usage come before the data, each embedding before its
	// index, and its encoding is said.
	turn bool

	badKey        func(shown string) failure
	noRoute       func(method, path string) failure
	notAllowed    *failure                   // nil: a plain 405
	unknownModel  func(model string) failure // nil: the one model answers
	answersAs     func(asked, model string) string
	badBody       func(err error, body []byte) failure
	bodyTooLarge  func() failure
	emptyArray    func() failure
	emptyText     func() failure
	tooManyInputs func(n, limit int) failure
	tooLong       func(tokens, limit int) failure // nil: cut to fit, without a word
	tooManyTokens func(tokens, limit int) failure
	// dimensions returns the length of the answer's vectors; asked is not 0.
	dimensions func(model string, asked, native int) (int, *failure)
	// loneEmpty: a single empty text is answered with no vectors at all.
	loneEmpty bool

	// rateLimited is the answer to too many requests, or tokens, a minute.
	rateLimited func(r rate, model string) failure
	rateHeaders bool // x-ratelimit-* on every answer, where there are limits
	retryAfter  bool // Retry-After in whole seconds on what rateLimited answers
	retryMS     bool // and retry-after-ms

	quota, budget failure         // without a budget the quota
	refusals      map[int]failure // what faults answer, by status
}

// with is the manner with limits of the caller's.
func (m manner) with(o Options) manner {
	if o.MaxInputs > 0 {
		m.inputs = o.MaxInputs
	}
	if o.MaxInputTokens > 0 {
		m.inputTokens = o.MaxInputTokens
	}
	if o.MaxRequestTokens > 0 {
		m.requestTokens = o.MaxRequestTokens
	}
	m.contentType = cmp.Or(m.contentType, jsons)
	if m.notAllowed == nil {
		m.notAllowed = &failure{status: http.StatusMethodNotAllowed, as: plain, message: "Method Not Allowed"}
	}
	if m.budget.status == 0 {
		m.budget = m.quota
	}
	if m.tooManyInputs == nil {
		m.tooManyInputs = openAI().tooManyInputs
	}
	if m.tooManyTokens == nil {
		m.tooManyTokens = openAI().tooManyTokens
	}
	return m
}

// onlyModel is the one that answers where the dialect reads no names.
func onlyModel(o Options) string {
	if manners[o.Dialect].unknownModel != nil {
		return ""
	}
	return slices.Min(slices.Collect(maps.Keys(o.Models)))
}

// manners by dialect.
var manners = [...]manner{
	OpenAI: openAI(), Azure: azure(), VLLM: vllm(), TEI: tei(), LlamaServer: llamaServer(), LiteLLM: liteLLM(), Ollama: ollama(),
}

func plainHead(string) string { return `{"object":"list",` }

// ignored is what servers do that know no dimensions.
func ignored(_ string, _, native int) (int, *failure) { return native, nil }

// RetryDate spells a moment as an HTTP date, which is one form of Retry-After.
func RetryDate(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
