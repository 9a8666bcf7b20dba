package hashing

import (
	"context"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// Embedder embeds texts by feature hashing. It is safe for concurrent use.
type Embedder struct {
	model backends.Model
	cfg   Config
}

var _ backends.Embedder = (*Embedder)(nil)

// New returns the embedder of a model: any name, and any dimensions from 1 to
// backends.MaxDimensions, else ErrDimension. ErrInvalidInput for a negative
// setting.
func New(model backends.Model, cfg Config) (*Embedder, error) {
	if model.Dimensions < 1 || model.Dimensions > backends.MaxDimensions {
		return nil, fmt.Errorf("%w: %d, hashing makes 1 to %d", backends.ErrDimension, model.Dimensions, backends.MaxDimensions)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Embedder{model: model, cfg: cfg}, nil
}

// Model is what New was given.
func (e *Embedder) Model() backends.Model { return e.model }

// Limits are the configured ones.
func (e *Embedder) Limits() backends.EmbedderLimits {
	return backends.EmbedderLimits{Inputs: e.cfg.MaxInputs, TokensPerRequest: e.cfg.MaxTokensPerRequest}
}

// Embed hashes the texts, with the model's prefix for the purpose before each.
// Tokens are words. ErrInvalidInput when a text has no word at all, has more
// than the model's MaxInputTokens, or the request is above the limits.
func (e *Embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	if len(texts) == 0 {
		return backends.Embedding{}, nil
	}
	if err := e.admit(texts); err != nil {
		return backends.Embedding{}, err
	}
	answered := time.Now().Add(e.cfg.Latency)
	answer := backends.Embedding{Vectors: make([][]float32, len(texts))}
	prefix := e.prefix(purpose)
	s := takeScratch()
	defer s.giveBack()
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return backends.Embedding{}, fmt.Errorf("embed: %w", err)
		}
		v, words := s.embed(prefix, text, e.model.Dimensions)
		if words == 0 {
			return backends.Embedding{}, fmt.Errorf("%w: text %d of %d has no word", backends.ErrInvalidInput, i+1, len(texts))
		}
		if limit := e.model.MaxInputTokens; limit > 0 && words > limit {
			return backends.Embedding{}, fmt.Errorf("%w: text %d of %d has %d words, model %s takes %d",
				backends.ErrInvalidInput, i+1, len(texts), words, e.model.Name, limit)
		}
		answer.Vectors[i] = v
		answer.Tokens += int64(words)
	}
	// Before the latency: a provider has done the work of a request whose asker dies waiting.
	if e.cfg.Tally != "" {
		if err := tally(e.cfg.Tally, e.model.Name, purpose, texts); err != nil {
			return backends.Embedding{}, err
		}
	}
	if err := wait(ctx, time.Until(answered)); err != nil {
		return backends.Embedding{}, fmt.Errorf("embed: %w", err)
	}
	return answer, nil
}

// admit refuses a request that is larger than the limits say.
func (e *Embedder) admit(texts []string) error {
	if limit := e.cfg.MaxInputs; limit > 0 && len(texts) > limit {
		return fmt.Errorf("%w: %d texts in a request, at most %d", backends.ErrInvalidInput, len(texts), limit)
	}
	limit := e.cfg.MaxTokensPerRequest
	if limit == 0 {
		return nil
	}
	var tokens int
	for _, text := range texts {
		tokens += backends.EstimateTokens(text)
	}
	if tokens > limit {
		return fmt.Errorf("%w: about %d tokens in a request, at most %d", backends.ErrInvalidInput, tokens, limit)
	}
	return nil
}

func (e *Embedder) prefix(purpose backends.Purpose) string {
	if purpose == backends.SearchQuery {
		return e.model.QueryPrefix
	}
	return e.model.DocumentPrefix
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
