package providertest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// openAI is api.openai.com, by its API reference.
func openAI() manner {
	return manner{
		name: "openai", base: "/v1",
		inputs: 2048, requestTokens: 300_000, inputTokens: 8192,
		spell: spellOpenAI, idHeader: "x-request-id", rateHeaders: true,
		head: func(string) string { return `{"object":"list",` },
		badKey: func(bool) failure {
			return failure{
				status: http.StatusUnauthorized, kind: "invalid_request_error", code: "invalid_api_key",
				message: "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
			}
		},
		unknownModel: func(model string) failure {
			return failure{
				status: http.StatusNotFound, kind: "invalid_request_error", code: "model_not_found",
				message: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", model),
			}
		},
		badBody:       func(error) failure { return invalidInput },
		emptyArray:    func() failure { return invalidInput },
		emptyText:     func(int) failure { return invalidInput },
		tooManyInputs: func(int, int) failure { return invalidInput },
		tooLong: func(tokens, limit, _ int) failure {
			return failure{status: http.StatusBadRequest, kind: "invalid_request_error", message: fmt.Sprintf(
				"This model's maximum context length is %d tokens, however you requested %d tokens (%d in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
				limit, tokens, tokens)}
		},
		tooManyTokens: func(tokens, limit int) failure {
			return failure{
				status: http.StatusBadRequest, kind: "max_tokens_per_request", code: "max_tokens_per_request",
				message: fmt.Sprintf("Requested %d tokens, max %d tokens per request", tokens, limit),
			}
		},
		dimensions: func(model string, asked, native int) (int, *failure) {
			if asked == 0 {
				return native, nil
			}
			return min(asked, native), nil
		},
		rateLimited: func(r rate, unit, model string) failure {
			return failure{status: http.StatusTooManyRequests, kind: unit, code: "rate_limit_exceeded", message: fmt.Sprintf(
				"Rate limit reached for %s on %s per min: Limit %d, Used %d, Requested %d. Please try again in %s.",
				model, unit, r.limit, r.used, r.asked, r.wait)}
		},
		quota: failure{
			status: http.StatusTooManyRequests, kind: "insufficient_quota", code: "insufficient_quota",
			message: "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
		},
	}
}

var invalidInput = failure{
	status: http.StatusBadRequest, kind: "invalid_request_error",
	message: "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
}

// spellOpenAI is {"error": {message, type, param, code}}.
func spellOpenAI(f failure) []byte {
	type inner struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	return indented(map[string]any{"error": inner{f.message, f.kind, orNull(f.param), orNull(f.code)}})
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func indented(v any) []byte {
	b, err := json.MarshalIndent(v, "", "    ")
	if err != nil {
		panic(err) // only strings and numbers are spelled
	}
	return b
}
