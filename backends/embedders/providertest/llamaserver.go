package providertest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// llamaServer is llama.cpp's llama-server with --embeddings. Source: running
// one (Debian's llama.cpp 1:0.7.0, a BERT model, -b 512 -ub 512) and recording what
// it answers. See also its README; tools/server/server-common.cpp
// (format_error_response); ramalama#2852 and lemonade#3591 (500 for an input above
// the physical batch, 512 tokens unless set, of the whole request). Dimensions are
// ignored, so is the model's name, which is said back. A body that is not JSON is
// quoted from where it went wrong. A connection is closed after a refusal, after
// 100 requests and 5 s of idleness. It has no rate limits: for those an API
// gateway in front speaks.
func llamaServer() manner {
	return manner{
		name: "llama-server", base: "/v1", contentType: "application/json; charset=utf-8",
		headers:     map[string]string{"Server": "llama.cpp"},
		id:          func(n int64) string { return fmt.Sprintf("llama-%d", n) },
		inputTokens: 512,
		spell:       spellLlama, head: plainHead, turn: true,
		hangsUp: true, perConnection: 100, idle: 5 * time.Second,
		badKey: func(string) failure {
			return failure{status: http.StatusUnauthorized, kind: "authentication_error", message: "Invalid API Key"}
		},
		noRoute:    func(string, string) failure { return notFoundLlama },
		notAllowed: &notFoundLlama,
		answersAs:  func(asked, model string) string { return cmp.Or(asked, model) },
		badBody: func(err error, body []byte) failure {
			switch {
			case errors.Is(err, errNotJSON):
				return bad(fmt.Sprintf("[json.exception.parse_error.101] parse error at line 1, column %d: syntax error while parsing value - "+
					"invalid string: missing closing quote; last read: '%s'", len(body), body))
			case errors.Is(err, errFormat):
				return bad("The format to return the embeddings in. Can be either float or base64")
			case errors.Is(err, errNoInput):
				return bad(`"input" or "content" must be provided`)
			}
			return bad(`"prompt" elements must be a string, a list of tokens, a JSON object containing a prompt string, or a list of mixed strings & tokens.`)
		},
		emptyArray: func() failure { return bad(`"input" must not be empty`) },
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
