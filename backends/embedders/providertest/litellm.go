package providertest

import (
	"fmt"
	"net/http"
	"strconv"
)

// liteLLM is LiteLLM's proxy with OpenAI behind it: the provider's message in a
// longer one, types of its own, the status as a string for a code. So an
// exhausted quota looks like a rate limit, and only its text tells. Sources:
// docs.litellm.ai (proxy/error_reference, proxy/response_headers,
// exception_mapping), litellm#5983; the 401 as its users recorded it says a part
// of the key and its hash.
func liteLLM() manner {
	m := openAI()
	provider := openAI()
	m.name, m.idHeader = "litellm", "X-Litellm-Call-Id"
	m.id = func(n int64) string { return fmt.Sprintf("00000000-0000-4000-9000-%012x", n) }
	m.headers = map[string]string{"Server": "uvicorn", "X-Litellm-Version": "1.80.0"}
	m.idle = uvicornIdle
	m.badKey = func(shown string) failure {
		if shown == "" {
			return failure{
				status: http.StatusUnauthorized, kind: "auth_error", param: "None", code: "401",
				message: "Authentication Error, No api key passed in.",
			}
		}
		return failure{status: http.StatusUnauthorized, kind: "token_not_found_in_db", param: "key", code: "401", message: fmt.Sprintf(
			"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...%s, Key Hash (Token) =%064d. "+
				"Unable to find token in cache or `LiteLLM_VerificationTokenTable`", shown[max(0, len(shown)-4):], 0)}
	}
	m.unknownModel = func(model string) failure {
		return failure{status: http.StatusBadRequest, kind: "None", param: "None", code: "400", message: fmt.Sprintf(
			"{'error': '/embeddings: Invalid model name passed in model=%s. Call `/v1/models` to view available models for your key.'}", model)}
	}
	m.badBody = func(err error, body []byte) failure { return throughLiteLLM(provider.badBody(err, body)) }
	m.emptyArray = func() failure { return throughLiteLLM(provider.emptyArray()) }
	m.emptyText = func() failure { return throughLiteLLM(provider.emptyText()) }
	m.tooManyInputs = func(n, limit int) failure { return throughLiteLLM(provider.tooManyInputs(n, limit)) }
	m.tooLong = func(tokens, limit int) failure { return throughLiteLLM(provider.tooLong(tokens, limit)) }
	m.tooManyTokens = func(tokens, limit int) failure { return throughLiteLLM(provider.tooManyTokens(tokens, limit)) }
	m.dimensions = func(model string, asked, native int) (int, *failure) {
		n, f := provider.dimensions(model, asked, native)
		if f != nil {
			return 0, at(throughLiteLLM(*f))
		}
		return n, nil
	}
	m.rateLimited = func(r rate, model string) failure { return throughLiteLLM(provider.rateLimited(r, model)) }
	m.quota = throughLiteLLM(provider.quota)
	m.budget = failure{
		status: http.StatusTooManyRequests, kind: "budget_exceeded", code: "429",
		message: "Budget has been exceeded! Current cost: 10.0023, Max budget: 10.0",
	}
	m.refusals = map[int]failure{}
	for status, f := range provider.refusals {
		m.refusals[status] = throughLiteLLM(f)
	}
	return m
}

// exceptions are LiteLLM's names of a provider's statuses.
var exceptions = map[int]string{
	http.StatusBadRequest:            "BadRequestError",
	http.StatusForbidden:             "PermissionDeniedError",
	http.StatusRequestEntityTooLarge: "APIError",
	http.StatusTooManyRequests:       "RateLimitError",
	http.StatusInternalServerError:   "InternalServerError",
	http.StatusServiceUnavailable:    "ServiceUnavailableError",
}

// throughLiteLLM is a provider's failure as the proxy hands it on.
func throughLiteLLM(f failure) failure {
	name := exceptions[f.status]
	out := failure{status: f.status, code: strconv.Itoa(f.status), message: fmt.Sprintf("litellm.%s: %s: OpenAIException - %s", name, name, f.message)}
	switch f.status {
	case http.StatusTooManyRequests:
		out.kind = "throttling_error"
	case http.StatusBadRequest:
		out.kind = invalidRequest
	}
	return out
}
