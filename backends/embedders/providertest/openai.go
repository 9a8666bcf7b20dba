package providertest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// openAI is api.openai.com. Sources: the API reference of embeddings
// (platform.openai.com/docs/api-reference/embeddings/create: 2,048 inputs, 8,192
// tokens each, 300,000 in all, no empty string), the guides of error codes and
// rate limits, and bodies that users put on record: openai-php/client#171
// ("'$.input' is invalid"), OpenDataBox/CrackSQL#27 (max_tokens_per_request),
// sbintuitions/JMTEB#15 (context length), BerriAI/litellm#5983 (insufficient_quota).
func openAI() manner {
	return manner{
		name: "openai", base: "/v1", idHeader: "X-Request-Id",
		id:      func(n int64) string { return fmt.Sprintf("req_%032x", n) },
		headers: map[string]string{"Openai-Organization": "org-providertest", "Openai-Version": "2020-10-01"},
		inputs:  2048, requestTokens: 300_000, inputTokens: 8192,
		spell: spellOpenAI, head: plainHead,
		badKey: openAIKey,
		noRoute: func(method, path string) failure {
			return failure{status: http.StatusNotFound, kind: invalidRequest, message: fmt.Sprintf("Invalid URL (%s %s)", method, path)}
		},
		unknownModel: func(model string) failure {
			if model == "" {
				return bad("you must provide a model parameter")
			}
			return failure{
				status: http.StatusNotFound, kind: invalidRequest, code: "model_not_found",
				message: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", model),
			}
		},
		badBody:       openAIBody,
		emptyArray:    openAIInput,
		emptyText:     openAIInput,
		tooManyInputs: func(int, int) failure { return openAIInput() },
		tooLong: func(tokens, limit int) failure {
			return bad(fmt.Sprintf("This model's maximum context length is %d tokens, however you requested %d tokens "+
				"(%d in your prompt; 0 for the completion). Please reduce your prompt; or completion length.", limit, tokens, tokens))
		},
		tooManyTokens: func(tokens, limit int) failure {
			return failure{
				status: http.StatusBadRequest, kind: "max_tokens_per_request", code: "max_tokens_per_request",
				message: fmt.Sprintf("Requested %d tokens, max %d tokens per request", tokens, limit),
			}
		},
		dimensions:  openAIDimensions,
		rateLimited: openAIRate, rateHeaders: true, retryAfter: true, retryMS: true,
		quota: failure{status: http.StatusTooManyRequests, kind: "insufficient_quota", code: "insufficient_quota", message: quotaMessage},
		refusals: map[int]failure{
			http.StatusBadRequest: openAIInput(),
			http.StatusForbidden: {
				status: http.StatusForbidden, kind: "request_forbidden", code: "unsupported_country_region_territory",
				message: "Country, region, or territory not supported",
			},
			http.StatusRequestEntityTooLarge: {
				status: http.StatusRequestEntityTooLarge, kind: "server_error",
				message: "Maximum content size limit (26214400) exceeded (26428490 bytes read)",
			},
			http.StatusInternalServerError: {
				status: http.StatusInternalServerError, kind: "server_error",
				message: "The server had an error while processing your request. Sorry about that!",
			},
			http.StatusServiceUnavailable: {
				status: http.StatusServiceUnavailable, kind: "server_error",
				message: "The engine is currently overloaded, please try again later",
			},
		},
	}
}

const quotaMessage = "You exceeded your current quota, please check your plan and billing details. For more information on this error, " +
	"read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."

// openAIInput is what an input gets that the API refuses as a whole, whatever
// is wrong with it: empty, an empty text in it, too many texts.
func openAIInput() failure {
	return bad("'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
}

// openAIKey says a part of the key that was shown, as the API does.
func openAIKey(shown string) failure {
	f := failure{status: http.StatusUnauthorized, kind: invalidRequest, code: "invalid_api_key"}
	if shown == "" {
		f.code = ""
		f.message = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
			"(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API " +
			"from your browser and are prompted for a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys."
		return f
	}
	f.message = fmt.Sprintf("Incorrect API key provided: %s. You can find your API key at https://platform.openai.com/account/api-keys.", masked(shown))
	return f
}

// masked is a key with all but its ends hidden.
func masked(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:4] + strings.Repeat("*", len(key)-8) + key[len(key)-4:]
}

func openAIBody(err error, _ []byte) failure {
	switch {
	case errors.Is(err, errNotJSON):
		return bad("We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library " +
			"correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out " +
			"how to fix this, please contact us through our help center at help.openai.com.)")
	case errors.Is(err, errFormat):
		f := bad("Invalid value for 'encoding_format'. Supported values are: 'float' and 'base64'.")
		f.param, f.code = "encoding_format", "invalid_value"
		return f
	case errors.Is(err, errLength):
		return bad("0 is less than the minimum of 1 - 'dimensions'")
	}
	return openAIInput()
}

// openAIDimensions: "only supported in text-embedding-3 and later models".
func openAIDimensions(model string, asked, native int) (int, *failure) {
	switch {
	case strings.Contains(model, "ada-002"):
		return 0, at(bad("This model does not support specifying dimensions."))
	case asked > native:
		return 0, at(bad(fmt.Sprintf("Invalid value for 'dimensions' = %d. Must be less than or equal to %d.", asked, native)))
	}
	return asked, nil
}

func openAIRate(r rate, model string) failure {
	short := map[string]string{"requests": "RPM", "tokens": "TPM"}[r.unit]
	f := failure{status: http.StatusTooManyRequests, kind: r.unit, code: "rate_limit_exceeded"}
	if r.asked > r.limit {
		f.message = fmt.Sprintf("Request too large for %s in organization org-providertest on %s per min (%s): Limit %d, Requested %d. "+
			"The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.",
			model, r.unit, short, r.limit, r.asked)
		return f
	}
	f.message = fmt.Sprintf("Rate limit reached for %s in organization org-providertest on %s per min (%s): Limit %d, Used %d, Requested %d. "+
		"Please try again in %s. Visit https://platform.openai.com/account/rate-limits to learn more.",
		model, r.unit, short, r.limit, r.used, r.asked, r.wait.Round(time.Millisecond))
	return f
}
