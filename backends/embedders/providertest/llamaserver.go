package providertest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
)

// llamaServer is llama.cpp's llama-server with --embeddings. Sources: its
// README and tools/server (format_error_response; server-common.cpp), ramalama#2852
// and lemonade#3591 (500 for an input above the physical batch, 512 tokens unless
// set, of the whole request), and what was seen by running one: dimensions are
// ignored, so is the model's name, which is said back. It has no rate limits: for
// those an API gateway in front speaks.
func llamaServer() manner {
	return manner{
		name: "llama-server", base: "/v1", headers: map[string]string{"Server": "llama.cpp"},
		id:          func(n int64) string { return fmt.Sprintf("llama-%d", n) },
		inputTokens: 512,
		spell:       spellLlama, head: plainHead, turn: true,
		badKey: func(string) failure {
			return failure{status: http.StatusUnauthorized, kind: "authentication_error", message: "Invalid API Key"}
		},
		noRoute:   func(string, string) failure { return notFoundLlama },
		answersAs: func(asked, _ string) string { return cmp.Or(asked, "gpt-3.5-turbo") },
		badBody: func(err error, body []byte) failure {
			switch {
			case errors.Is(err, errNotJSON): // with what was read last
				return failure{status: http.StatusInternalServerError, kind: "server_error", message: fmt.Sprintf(
					"[json.exception.parse_error.101] parse error at line 1, column %d: syntax error while parsing value - invalid literal; last read: '%s'",
					len(body), body)}
			case errors.Is(err, errFormat):
				return bad("The format to return the embeddings in. Can be either float or base64")
			}
			return bad(`"input" or "content" must be provided`)
		},
		emptyArray: func() failure {
			return failure{status: http.StatusInternalServerError, kind: "server_error", message: `"prompt" must not be empty`}
		},
		tooLong: func(tokens, limit int) failure {
			return failure{status: http.StatusInternalServerError, kind: "server_error", message: fmt.Sprintf(
				"input (%d tokens) is too large to process. increase the physical batch size (current batch size: %d)", tokens, limit)}
		},
		dimensions: ignored,
		rateLimited: func(r rate, model string) failure {
			f := openAIRate(r, model)
			f.kind = "rate_limit_error"
			return f
		},
		retryAfter: true,
		quota:      openAI().quota,
		refusals: map[int]failure{
			http.StatusBadRequest:            bad("Input content cannot be empty"),
			http.StatusForbidden:             {status: http.StatusForbidden, kind: "permission_error", message: "Forbidden"},
			http.StatusNotFound:              notFoundLlama,
			http.StatusRequestEntityTooLarge: {status: http.StatusRequestEntityTooLarge, as: plain},
			http.StatusInternalServerError: {
				status: http.StatusInternalServerError, kind: "server_error",
				message: "input (992 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
			},
			http.StatusServiceUnavailable: {status: http.StatusServiceUnavailable, kind: "unavailable_error", message: "Loading model"},
		},
	}
}

var notFoundLlama = failure{status: http.StatusNotFound, kind: "not_found_error", message: "File Not Found"}

func spellLlama(f failure) []byte {
	return spell(map[string]any{"error": struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Type    string `json:"type"`
	}{f.status, f.message, f.kind}}, "")
}
