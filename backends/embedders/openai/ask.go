package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/reembed/reembed/backends"
)

// request is the body of a POST.
type request struct {
	Model          string   `json:"model"`
	Input          []string `json:"input"`
	EncodingFormat Encoding `json:"encoding_format"`
	Dimensions     int      `json:"dimensions,omitempty"`
}

// ask sends one request and reads its answer.
func (e *Embedder) ask(ctx context.Context, inputs []string) (backends.Embedding, error) {
	ask, cancel := context.WithTimeoutCause(ctx, e.client.cfg.Timeout, errTimeout)
	defer cancel()
	req, err := e.request(ask, inputs)
	if err != nil {
		return backends.Embedding{}, err
	}
	resp, err := e.client.http.Do(req)
	if err != nil {
		return backends.Embedding{}, e.trouble(ctx, ask, "", err)
	}
	defer resp.Body.Close()
	from := e.origin(resp, inputs)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return backends.Embedding{}, e.refusal(resp, from, inputs)
	}
	body, err := readAll(resp, e.maxBody(len(inputs)))
	if err != nil {
		return backends.Embedding{}, e.trouble(ctx, ask, from.requestID(), err)
	}
	answer, err := decode(body, len(inputs), e.model, from)
	if errors.Is(err, errComplaint) {
		c := parseComplaint(body)
		return backends.Embedding{}, e.refused(c.status(), c, from, inputs)
	}
	return answer, err
}

func (e *Embedder) request(ctx context.Context, inputs []string) (*http.Request, error) {
	body := request{Model: providerModel(e.model), Input: inputs, EncodingFormat: e.client.cfg.Encoding}
	if e.client.cfg.SendDimensions {
		body.Dimensions = e.model.Dimensions
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("%w: the texts can't be written as JSON", backends.ErrInvalidInput)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint, &buf)
	if err != nil {
		return nil, fmt.Errorf("%w: the request can't be made", backends.ErrInvalidInput)
	}
	req.Header = e.client.header.Clone()
	return req, nil
}

// maxBody bounds an answer. A number takes up to about 25 bytes in JSON; the
// floor leaves room for vectors that are longer than declared, so that their
// length can be named.
func (e *Embedder) maxBody(inputs int) int64 {
	return max(64<<20, int64(inputs)*(int64(e.model.Dimensions)*32+1024))
}

var errTooLarge = errors.New("the answer is larger than its vectors can be")

// readAll reads a body of at most most bytes.
func readAll(resp *http.Response, most int64) ([]byte, error) {
	if resp.ContentLength > most {
		return nil, errTooLarge
	}
	var buf bytes.Buffer
	if resp.ContentLength > 0 {
		buf.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, err
	case n > most:
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}
