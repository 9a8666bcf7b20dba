package providertest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// failure is a refusal, before a dialect spells it.
type failure struct {
	status  int
	message string
	kind    string // the body's "type"
	code    string // the body's "code"; empty: null
	param   string // the body's "param"; empty: null
	header  http.Header
}

// manner is how the server of one dialect behaves: what it refuses, and in
// which words. Functions that are nil stand for what the server does not refuse.
type manner struct {
	name string
	base string // of the catalog's base_url
	// Documented limits; 0: none.
	inputs, requestTokens, inputTokens int

	spell func(f failure) []byte // an error's body
	head  func(id string) string // how a good body begins
	// idHeader is the header that carries the request's id; empty: none.
	idHeader string
	headers  map[string]string // on every answer

	badKey        func(shown bool) failure
	unknownModel  func(model string) failure // nil: the one model answers
	badBody       func(err error) failure
	emptyArray    func() failure      // nil: answers with no data
	emptyText     func(i int) failure // nil: embedded like any other
	tooManyInputs func(n, limit int) failure
	tooLong       func(tokens, limit, place int) failure // nil: cut to fit, without a word
	tooManyTokens func(tokens, limit int) failure
	// dimensions returns the length of the answer's vectors.
	dimensions func(model string, asked, native int) (int, *failure)
	// rateLimited is the answer to too many requests, or tokens, a minute.
	rateLimited func(r rate, unit, model string) failure
	rateHeaders bool // x-ratelimit-* on every answer, where there are limits
	quota       failure
	// refusals are what faults answer, by status.
	refusals map[int]failure
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
	OpenAI: openAI(), Azure: openAI(), VLLM: openAI(), TEI: openAI(), LlamaServer: openAI(), LiteLLM: openAI(), Ollama: openAI(),
}

// RetryDate spells a moment as an HTTP date, which is one form of Retry-After.
func RetryDate(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
