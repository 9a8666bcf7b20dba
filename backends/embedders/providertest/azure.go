package providertest

import (
	"fmt"
	"math"
	"net/http"
)

// azure is Azure OpenAI: the model's errors are OpenAI's, those of the gateway
// before it have code and message alone. Sources: Microsoft Learn, "Azure
// OpenAI REST API reference" and "How to generate embeddings" (api-key,
// deployments, api-version, 2,048 inputs of 8,192 tokens), and bodies on record:
// SciSharp/BotSharp#386 (401, apim-request-id), PubSec-Info-Assistant#755
// (context length), BerriAI/litellm's tests (429: "have exceeded call rate
// limit", "token rate limit" for the other).
func azure() manner {
	m := openAI()
	m.name, m.base, m.idHeader = "azure", "", "Apim-Request-Id"
	m.id = func(n int64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }
	m.headers = map[string]string{"X-Ms-Region": "Loopback"}
	m.spell = spellAzure
	m.badKey = func(string) failure {
		return failure{status: http.StatusUnauthorized, code: "401", message: "Access denied due to invalid subscription key or wrong API " +
			"endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}
	}
	m.noRoute = func(string, string) failure {
		return failure{status: http.StatusNotFound, code: "404", message: "Resource not found"}
	}
	m.unknownModel = func(string) failure {
		return failure{status: http.StatusNotFound, code: "DeploymentNotFound", message: "The API deployment for this resource does not exist. " +
			"If you created the deployment within the last 5 minutes, please wait a moment and try again."}
	}
	m.rateLimited = func(r rate, _ string) failure {
		kind := map[string]string{"requests": "call", "tokens": "token"}[r.unit]
		return failure{status: http.StatusTooManyRequests, code: "429", message: fmt.Sprintf(
			"Requests to the Embeddings_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded %s rate limit of your current "+
				"OpenAI S0 pricing tier. Please retry after %d seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to "+
				"further increase the default rate limit.", kind, int(math.Ceil(r.wait.Seconds())))}
	}
	m.refusals = map[int]failure{
		http.StatusBadRequest: openAIInput(),
		http.StatusForbidden: {
			status: http.StatusForbidden, code: "AccessDenied",
			message: "Access denied due to Virtual Network/Firewall rules.",
		},
		http.StatusRequestEntityTooLarge: {status: http.StatusRequestEntityTooLarge, code: "413", message: "Request body too large"},
		http.StatusInternalServerError: {
			status: http.StatusInternalServerError, kind: "server_error",
			message: "The server had an error processing your request. Sorry about that! You can retry your request, or contact us through an " +
				"Azure support request at: https://go.microsoft.com/fwlink/?linkid=2213926 if you keep seeing this error.",
		},
		http.StatusServiceUnavailable: {
			status: http.StatusServiceUnavailable, code: "ServiceUnavailable",
			message: "The service is temporarily unable to process your request. Please try again later.",
		},
	}
	return m
}

// spellAzure tells the gateway's errors, which have no type, from the model's.
func spellAzure(f failure) []byte {
	if f.kind != "" {
		return spellOpenAI(f)
	}
	return spell(map[string]any{"error": struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{f.code, f.message}}, "")
}
