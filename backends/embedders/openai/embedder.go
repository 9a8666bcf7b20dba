package openai

import (
	"context"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

// Embedder is one model of a server. It is safe for concurrent use.
type Embedder struct {
	client   *Client
	model    backends.Model
	endpoint string
	host     string // for errors
}

var _ backends.Embedder = (*Embedder)(nil)

// Embedder returns the embedder of a model; nothing is asked of the server.
// ErrDimension unless the model has 1 to backends.MaxDimensions.
func (c *Client) Embedder(m backends.Model) (*Embedder, error) {
	if m.Dimensions < 1 || m.Dimensions > backends.MaxDimensions {
		return nil, fmt.Errorf("%w: %d, a vector has 1 to %d", backends.ErrDimension, m.Dimensions, backends.MaxDimensions)
	}
	endpoint, err := c.endpoint(m)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("%w: the model's address", backends.ErrInvalidInput)
	}
	return &Embedder{client: c, model: m, endpoint: endpoint, host: u.Host}, nil
}

// Model is what Client.Embedder was given.
func (e *Embedder) Model() backends.Model { return e.model }

// Limits are the configured ones.
func (e *Embedder) Limits() backends.EmbedderLimits {
	return backends.EmbedderLimits{Inputs: e.client.cfg.MaxInputs, TokensPerRequest: e.client.cfg.MaxTokensPerRequest}
}

// Embed sends the texts, with the model's prefix for the purpose before each,
// in one request. Beside what the role says it returns ErrDimension when the
// vectors have another length than the model declares, ErrInvalidVector when
// they can't be matched to the texts, and ErrUnsupported when the server does
// not know what it is asked for.
func (e *Embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	if len(texts) == 0 {
		return backends.Embedding{}, nil
	}
	tokens, err := e.admit(texts)
	if err != nil {
		return backends.Embedding{}, err
	}
	if err := e.client.pace.wait(ctx, tokens); err != nil {
		return backends.Embedding{}, err
	}
	began := time.Now()
	answer, err := e.ask(ctx, e.inputs(purpose, texts))
	if err != nil {
		e.client.pace.refused(began, err)
		return backends.Embedding{}, err
	}
	e.client.pace.answered(tokens, answer.Tokens)
	return answer, nil
}

// admit refuses what would be refused or falsified on its way, and returns the
// estimated tokens.
func (e *Embedder) admit(texts []string) (tokens int, err error) {
	if limit := e.client.cfg.MaxInputs; len(texts) > limit {
		return 0, fmt.Errorf("%w: %d texts in a request, at most %d", backends.ErrInvalidInput, len(texts), limit)
	}
	for i, text := range texts {
		switch {
		case text == "":
			return 0, fmt.Errorf("%w: text %d of %d is empty", backends.ErrInvalidInput, i+1, len(texts))
		case !utf8.ValidString(text):
			return 0, fmt.Errorf("%w: text %d of %d is not UTF-8", backends.ErrInvalidInput, i+1, len(texts))
		}
		tokens += backends.EstimateTokens(text)
	}
	if limit := e.client.cfg.MaxTokensPerRequest; tokens > limit {
		return 0, fmt.Errorf("%w: about %d tokens in a request, at most %d", backends.ErrInvalidInput, tokens, limit)
	}
	return tokens, nil
}

// inputs are the texts with their prefix.
func (e *Embedder) inputs(purpose backends.Purpose, texts []string) []string {
	prefix := e.model.DocumentPrefix
	if purpose == backends.SearchQuery {
		prefix = e.model.QueryPrefix
	}
	if prefix == "" {
		return texts
	}
	inputs := make([]string, len(texts))
	for i, text := range texts {
		inputs[i] = prefix + text
	}
	return inputs
}
