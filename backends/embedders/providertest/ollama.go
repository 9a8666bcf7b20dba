package providertest

import (
	"errors"
	"fmt"
	"net/http"
)

// ollama is Ollama's /v1/embeddings. Sources: openai/openai.go and
// middleware/openai.go (types of errors, base64, invalid input), server/routes.go
// (EmbedHandler: truncates unless told otherwise, which this path can't; a
// lone empty text is no input), and its FAQ ("server busy", OLLAMA_MAX_QUEUE). It
// knows no keys: where one is needed, a proxy in front asks for it. The context
// is that of nomic-embed-text, 2,048 tokens.
func ollama() manner {
	return manner{
		name: "ollama", base: "/v1",
		id:          func(n int64) string { return fmt.Sprintf("ollama-%d", n) },
		inputTokens: 2048,
		spell:       spellOpenAI, head: plainHead, loneEmpty: true,
		badKey: func(string) failure {
			return failure{status: http.StatusUnauthorized, kind: "api_error", message: "unauthorized"}
		},
		noRoute: func(string, string) failure {
			return failure{status: http.StatusNotFound, as: plain, message: "404 page not found"}
		},
		unknownModel: func(model string) failure {
			return failure{status: http.StatusNotFound, kind: "not_found_error", message: fmt.Sprintf("model %q not found, try pulling it first", model)}
		},
		badBody: func(err error, _ []byte) failure {
			switch {
			case errors.Is(err, errNotJSON):
				return bad("invalid character 'x' looking for beginning of value")
			case errors.Is(err, errFormat):
				return bad("Invalid value for 'encoding_format' = x. Supported values: ['float', 'base64'].")
			case errors.Is(err, errNoInput), errors.Is(err, errNull):
				return bad("invalid input")
			}
			return bad("invalid input type")
		},
		emptyArray: func() failure { return bad("invalid input") },
		dimensions: func(_ string, asked, native int) (int, *failure) { return min(asked, native), nil },
		rateLimited: func(rate, string) failure {
			return failure{status: http.StatusServiceUnavailable, kind: "api_error", message: "server busy, please try again.  maximum pending requests exceeded"}
		},
		quota: openAI().quota,
		refusals: map[int]failure{
			http.StatusBadRequest:            bad("invalid input"),
			http.StatusForbidden:             {status: http.StatusForbidden, kind: "api_error", message: "forbidden"},
			http.StatusRequestEntityTooLarge: {status: http.StatusRequestEntityTooLarge, kind: "api_error", message: "request entity too large"},
			http.StatusTooManyRequests:       {status: http.StatusTooManyRequests, kind: "api_error", message: "too many requests"},
			http.StatusInternalServerError:   {status: http.StatusInternalServerError, kind: "api_error", message: "llama runner process has terminated"},
			http.StatusServiceUnavailable: {
				status: http.StatusServiceUnavailable, kind: "api_error",
				message: "server busy, please try again.  maximum pending requests exceeded",
			},
		},
	}
}
