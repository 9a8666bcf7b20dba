package providertest

import (
	"errors"
	"fmt"
	"net/http"
)

// tei is Hugging Face Text Embeddings Inference, up to 1.7 (later ones know
// dimensions). Sources: router/src/http/server.rs and types.rs (statuses by
// kind of error, {message, code, type}, base64, no model is read), its README
// (--max-client-batch-size 32, --payload-limit 2,000,000), core/src/tokenization.rs,
// and text-embeddings-inference#227 (413 for an over-long input, of the whole
// batch), #50 (413 in plain text for a large body). Overload is said without a
// Retry-After. The model's own limit is that of the BERT family, 512.
func tei() manner {
	return manner{
		name: "tei", base: "/v1",
		id:     func(n int64) string { return fmt.Sprintf("tei-%d", n) },
		inputs: 32, inputTokens: 512, bodyBytes: 2_000_000,
		spell: spellTEI, head: plainHead,
		badKey:  func(string) failure { return failure{status: http.StatusUnauthorized, as: plain} },
		noRoute: func(string, string) failure { return failure{status: http.StatusNotFound, as: plain} },
		badBody: func(err error, _ []byte) failure {
			if errors.Is(err, errNotJSON) {
				return failure{status: http.StatusBadRequest, as: plain, message: "Failed to parse the request body as JSON: expected value at line 1 column 1"}
			}
			return failure{status: http.StatusUnprocessableEntity, as: plain, message: "Failed to deserialize the JSON body into the target type: " +
				"input: data did not match any variant of untagged enum Input at line 1 column 12"}
		},
		bodyTooLarge: func() failure {
			return failure{status: http.StatusRequestEntityTooLarge, as: plain, message: "Failed to buffer the request body: length limit exceeded"}
		},
		emptyArray: func() failure {
			return failure{status: http.StatusBadRequest, kind: "Empty", message: "`inputs` cannot be empty"}
		},
		emptyText: func() failure {
			return failure{status: http.StatusBadRequest, kind: "Empty", message: "Input validation error: `inputs` cannot be empty"}
		},
		tooManyInputs: func(n, limit int) failure {
			return tooLargeTEI(fmt.Sprintf("batch size %d > maximum allowed batch size %d", n, limit))
		},
		tooLong: func(tokens, limit int) failure {
			return tooLargeTEI(fmt.Sprintf("Input validation error: `inputs` must have less than %d tokens. Given: %d", limit, tokens))
		},
		dimensions: ignored,
		rateLimited: func(rate, string) failure {
			return failure{status: http.StatusTooManyRequests, kind: "Overloaded", message: "Model is overloaded"}
		},
		quota: openAI().quota,
		refusals: map[int]failure{
			http.StatusBadRequest:            {status: http.StatusBadRequest, kind: "Empty", message: "`inputs` cannot be empty"},
			http.StatusForbidden:             {status: http.StatusForbidden, as: plain, message: "Forbidden"},
			http.StatusNotFound:              {status: http.StatusNotFound, as: plain},
			http.StatusRequestEntityTooLarge: tooLargeTEI("batch size 33 > maximum allowed batch size 32"),
			http.StatusFailedDependency:      {status: http.StatusFailedDependency, kind: "Backend", message: "Backend error: Could not start backend: out of memory"},
			http.StatusInternalServerError:   {status: http.StatusInternalServerError, as: plain, message: "Internal Server Error"},
			http.StatusServiceUnavailable:    {status: http.StatusServiceUnavailable, kind: "Unhealthy", message: "unhealthy"},
		},
	}
}

func tooLargeTEI(message string) failure {
	return failure{status: http.StatusRequestEntityTooLarge, kind: "Validation", message: message}
}

func spellTEI(f failure) []byte {
	return spell(struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
		Type    string `json:"type"`
	}{f.message, f.status, f.kind}, "")
}
