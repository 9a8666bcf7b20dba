package providertest

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// vllm is vLLM's OpenAI-compatible server. Sources: its documentation of
// pooling models (matryoshka), vllm/entrypoints/openai (serving_embedding.py:
// the over-long input; {"error": {...}} with a number as code since 0.10; the key
// by --api-key), vllm#19798 (context length), vllm#49239 (a body that does not
// validate is quoted in the error). It has no limit on inputs and no rate limits:
// for those an API gateway in front speaks, in OpenAI's words.
func vllm() manner {
	m := openAI()
	m.name, m.idHeader = "vllm", ""
	m.id = func(n int64) string { return fmt.Sprintf("embd-%032x", n) }
	m.headers = map[string]string{"Server": "uvicorn"}
	m.idle = uvicornIdle
	m.inputs, m.requestTokens = 0, 0
	m.spell = spellVLLM
	m.head = func(id string) string { return `{"id":"` + id + `","object":"list","created":1764000000,` }
	m.badKey = func(string) failure { return failure{status: http.StatusUnauthorized} }
	m.noRoute = func(string, string) failure {
		return failure{status: http.StatusNotFound, as: jsons, message: `{"detail":"Not Found"}`}
	}
	m.unknownModel = func(model string) failure {
		return failure{status: http.StatusNotFound, kind: "NotFoundError", param: "model", message: fmt.Sprintf("The model `%s` does not exist.", model)}
	}
	m.badBody = func(err error, body []byte) failure {
		what := "Input should be a valid string"
		switch {
		case errors.Is(err, errNotJSON):
			what = "JSON decode error"
		case errors.Is(err, errFormat):
			what = "Input should be 'float' or 'base64'"
		case errors.Is(err, errNoInput):
			what = "Field required"
		}
		return badVLLM(fmt.Sprintf("1 validation error:\n  {'type': 'value_error', 'loc': ('body',), 'msg': '%s', 'input': %s}", what, body))
	}
	m.emptyArray = func() failure { return badVLLM("please provide at least one prompt") }
	m.emptyText = nil // [CLS][SEP] is embedded
	m.tooLong = func(tokens, limit int) failure {
		return badVLLM(fmt.Sprintf("This model's maximum context length is %d tokens. However, you requested %d tokens in the input for "+
			"embedding generation. Please reduce the length of the input.", limit, tokens))
	}
	m.dimensions = func(model string, _, _ int) (int, *failure) { // also where they are the model's own
		return 0, at(badVLLM(fmt.Sprintf("Model %q does not support matryoshka representation, changing output dimensions will lead to poor results.", model)))
	}
	m.rateHeaders = false
	m.refusals = map[int]failure{
		http.StatusBadRequest:            badVLLM("please provide at least one prompt"),
		http.StatusForbidden:             {status: http.StatusForbidden, kind: "PermissionDeniedError", message: "Forbidden"},
		http.StatusRequestEntityTooLarge: {status: http.StatusRequestEntityTooLarge, kind: "BadRequestError", message: "Request entity too large"},
		http.StatusInternalServerError:   {status: http.StatusInternalServerError, kind: "InternalServerError"}, // with an empty message, vllm#35438
		http.StatusServiceUnavailable:    {status: http.StatusServiceUnavailable, kind: "ServiceUnavailableError", message: "Server is overloaded"},
	}
	return m
}

// uvicornIdle is uvicorn's --timeout-keep-alive (uvicorn.org, settings), which
// neither vLLM nor LiteLLM's proxy changes.
const uvicornIdle = 5 * time.Second

func badVLLM(message string) failure {
	return failure{status: http.StatusBadRequest, kind: "BadRequestError", message: message}
}

// spellVLLM has the status as code; the middleware that looks at keys knows one word.
func spellVLLM(f failure) []byte {
	if f.status == http.StatusUnauthorized {
		return spell(map[string]string{"error": "Unauthorized"}, "")
	}
	return spell(map[string]any{"error": struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    int     `json:"code"`
	}{f.message, f.kind, orNull(f.param), f.status}}, "")
}
