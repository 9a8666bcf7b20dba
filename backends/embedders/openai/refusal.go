package openai

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/reembed/reembed/backends"
)

// maxErrorBody is how much of an error's body is read.
const maxErrorBody = 64 << 10

// refusal is the error of an answer that is not a success.
func (e *Embedder) refusal(resp *http.Response, from origin, inputs []string) error {
	var body bytes.Buffer
	// What broke off still has its status, which says more than the reason.
	_, _ = body.ReadFrom(io.LimitReader(resp.Body, maxErrorBody))
	return e.refused(resp.StatusCode, parseComplaint(body.Bytes()), from, inputs)
}

// refused is the error that a status and a complaint stand for.
func (e *Embedder) refused(status int, c complaint, from origin, inputs []string) error {
	v := e.classify(status, c, inputs)
	what := from.String() + c.describe(from) + v.advice
	after := retryAfter(from.header, time.Now())
	switch {
	case errors.Is(v.sentinel, backends.ErrThrottled):
		return &backends.ThrottledError{After: after, Err: errors.New(what)}
	case errors.Is(v.sentinel, backends.ErrUnavailable) && after > 0:
		return &backends.ThrottledError{After: after, Err: fmt.Errorf("%w: %s", v.sentinel, what)}
	}
	return fmt.Errorf("%w: %s", v.sentinel, what)
}

// verdict is what a refusal means, and what to do about it.
type verdict struct {
	sentinel error
	advice   string
}

// classify is the one table of refusals: what a status and the words beside it
// mean, and what to do.
func (e *Embedder) classify(status int, c complaint, inputs []string) verdict {
	switch {
	case status == http.StatusPaymentRequired,
		c.says("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "budget_exceeded"),
		status == http.StatusTooManyRequests && c.tells(inputs, "exceeded your current quota"): // through LiteLLM
		return verdict{backends.ErrQuotaExhausted, ": the account's quota or budget is used up"}
	case status == http.StatusTooManyRequests:
		return verdict{backends.ErrThrottled, ""}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired,
		c.says("invalid_api_key", "API_KEY_INVALID"):
		return verdict{backends.ErrUnauthorized, ": look at api_key, and at what it may use"}
	case status == http.StatusNotFound, status == http.StatusGone,
		status == http.StatusBadRequest && (c.about("model") || c.says("model_not_found", "invalid_model", "DeploymentNotFound") ||
			c.tells(inputs, "Invalid model name passed")): // LiteLLM
		return verdict{backends.ErrUnknownModel, ": the server has no such model, or base_url leads elsewhere"}
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return refusedInput(c)
	case status >= 500:
		return e.broken(status, c, inputs)
	case status >= 300 && status <= 399:
		return verdict{backends.ErrUnavailable, ": a redirect, which is not followed: mend base_url"}
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusMisdirectedRequest,
		status == http.StatusFailedDependency, status == http.StatusTooEarly:
		return verdict{backends.ErrUnavailable, ""}
	}
	return verdict{backends.ErrUnsupported, ": the server does not take such requests: look at base_url"}
}

// refusedInput tells texts that are refused, which are looked for one by one,
// from settings that are.
func refusedInput(c complaint) verdict {
	switch {
	case c.about("dimensions"):
		return verdict{backends.ErrDimension, ": the model does not make vectors of these dimensions: look at dimensions and send_dimensions"}
	case c.about("encoding_format"):
		return verdict{backends.ErrUnsupported, ": set encoding: float"}
	}
	return verdict{backends.ErrInvalidInput, ""}
}

// broken is for the errors of a server. llama-server answers an input that is
// too long with 500, and doesn't say which one it is: taken for a failure it
// would be sent again until the job's end. So the texts are refused where the
// message says so: they are halved until the long ones stand alone and are set
// aside, and the others pass. A 500 in other words is a failure, however long the
// texts are: what a passing failure sets aside would stay aside.
func (e *Embedder) broken(status int, c complaint, inputs []string) verdict {
	switch {
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported:
		return verdict{backends.ErrUnsupported, ": the server does not make embeddings"}
	case status == http.StatusInternalServerError && c.tells(inputs, "too large to process"):
		return verdict{backends.ErrInvalidInput, ": a text is longer than the server takes"}
	}
	return verdict{backends.ErrUnavailable, ""}
}
