package backends

import "context"

// Purpose tells an embedder what a text is for: some models embed documents
// and queries differently.
type Purpose string

// The purposes.
const (
	Document    Purpose = "document"
	SearchQuery Purpose = "query"
)

// Embedding is the answer to one request.
type Embedding struct {
	Vectors [][]float32 // one per text, in the texts' order
	Tokens  int64       // what the provider charged; 0 where it does not say
}

// EmbedderLimits bound one request; 0 means no bound.
type EmbedderLimits struct {
	Inputs           int // texts
	TokensPerRequest int // estimated by EstimateTokens
}

// Embedder turns texts into vectors of one model. Implementations are safe for
// concurrent use; the same text gives the same vector up to the provider's rounding.
type Embedder interface {
	Model() Model
	Limits() EmbedderLimits
	// Embed returns one vector of Model().Dimensions per text, in order; no
	// texts give no vectors. It is one request: it does not split or retry.
	// Errors: ErrUnavailable, ErrThrottled, ErrQuotaExhausted, ErrUnauthorized,
	// ErrUnknownModel; ErrInvalidInput when at least one text is refused,
	// whichever it is. No error quotes a text.
	Embed(ctx context.Context, purpose Purpose, texts []string) (Embedding, error)
}

// EstimateTokens is a cautious guess of how many tokens a text has: a third of
// its UTF-8 bytes, rounded up. Tokenizers of the GPT family need a quarter for
// English and about a third for most other scripts.
func EstimateTokens(text string) int { return (len(text) + 2) / 3 }
