package hashing

import (
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// Config is what the catalog says of a hashing embedder. The zero value is right.
type Config struct {
	// Latency is how long each request takes at least, as a provider far away
	// would; it ends early with the request's context.
	Latency time.Duration
	// Tally is the path of a file to which each request appends one line a text,
	// its content hash, purpose and model, before it is answered: for demos and
	// tests that must count what a killed process had embedded. See [ReadTally].
	// Empty: nothing is written.
	Tally string
	// MaxInputs of one request; 0: any number.
	MaxInputs int
	// MaxTokensPerRequest, estimated by backends.EstimateTokens; 0: any number.
	MaxTokensPerRequest int
}

func (c Config) validate() error {
	switch {
	case c.Latency < 0:
		return fmt.Errorf("%w: latency %s is negative", backends.ErrInvalidInput, c.Latency)
	case c.MaxInputs < 0:
		return fmt.Errorf("%w: max inputs %d is negative", backends.ErrInvalidInput, c.MaxInputs)
	case c.MaxTokensPerRequest < 0:
		return fmt.Errorf("%w: max tokens per request %d is negative", backends.ErrInvalidInput, c.MaxTokensPerRequest)
	}
	return nil
}
