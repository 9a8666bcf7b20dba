package builtin

import (
	"math"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

// hashingDriver reads
//
//	latency: 40ms                 how long each request takes at least
//	tally: embedded.txt           counts what was embedded, for demos and tests
//	max_inputs: 256               texts of one request
//	max_tokens_per_request: 8000
//
// all of them optional.
func hashingDriver() catalog.EmbedderDriver {
	return catalog.EmbedderDriver{
		Embedder: func(f *catalog.Fields) func(backends.Model) (backends.Embedder, error) {
			cfg := hashing.Config{
				Latency:             f.Duration("latency"),
				Tally:               f.Path("tally"),
				MaxInputs:           f.Int("max_inputs", 1, math.MaxInt32),
				MaxTokensPerRequest: f.Int("max_tokens_per_request", 1, math.MaxInt32),
			}
			return func(m backends.Model) (backends.Embedder, error) { return hashing.New(m, cfg) }
		},
	}
}
