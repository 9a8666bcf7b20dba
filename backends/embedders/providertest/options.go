package providertest

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/reembed/reembed/backends"
)

// Dialect names the server whose behaviour is shown.
type Dialect int

// The dialects.
const (
	OpenAI      Dialect = iota // api.openai.com
	Azure                      // Azure OpenAI, both its deployments' paths and its /openai/v1
	VLLM                       // vLLM's OpenAI-compatible server
	TEI                        // Hugging Face Text Embeddings Inference
	LlamaServer                // llama.cpp's llama-server
	LiteLLM                    // LiteLLM's proxy, OpenAI behind it
	Ollama                     // Ollama's /v1/embeddings
)

func (d Dialect) String() string { return manners[d].name }

// Dialects returns all of them, for tests that go through each.
func Dialects() []Dialect {
	return []Dialect{OpenAI, Azure, VLLM, TEI, LlamaServer, LiteLLM, Ollama}
}

// Options is what a server is like. Models is needed, all else may be left out.
type Options struct {
	Dialect Dialect
	// Models are the served models, with the length of their vectors. Azure:
	// the deployments. llama-server has one model, and does not read its name;
	// of several the first by name answers.
	Models map[string]int
	// Key is what a request has to show: `Authorization: Bearer`, for Azure
	// `api-key`. Empty: any or none will do.
	Key string
	// Latency is how long each answer takes at least.
	Latency time.Duration
	// RPM and TPM bound requests and tokens per minute; 0: no bound.
	RPM, TPM int
	// MaxInputs, MaxInputTokens and MaxRequestTokens take the place of the
	// dialect's documented limits; 0: those count.
	MaxInputs, MaxInputTokens, MaxRequestTokens int
	// Addr is where to listen, on loopback: that of a server that was closed, to
	// bring it back. Empty: 127.0.0.1, a free port.
	Addr string
	// TLS: https, with a certificate by the CA that Server.CA returns.
	TLS bool
	// Forget keeps no Requests: for benchmarks.
	Forget bool
}

const anyPort = "127.0.0.1:0"

func (o Options) validate() error {
	if o.Dialect < OpenAI || o.Dialect > Ollama {
		return fmt.Errorf("no dialect %d", int(o.Dialect))
	}
	if len(o.Models) == 0 {
		return errors.New("no models")
	}
	for name, dimensions := range o.Models {
		if name == "" || dimensions < 1 || dimensions > backends.MaxDimensions {
			return fmt.Errorf("model %q of %d dimensions: a name is needed, and 1 to %d", name, dimensions, backends.MaxDimensions)
		}
	}
	if host, _, err := net.SplitHostPort(cmp.Or(o.Addr, anyPort)); err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("address %q: an IP of the loopback and a port are needed", o.Addr)
	}
	if o.Latency < 0 || min(o.RPM, o.TPM, o.MaxInputs, o.MaxInputTokens, o.MaxRequestTokens) < 0 {
		return errors.New("latency and limits must not be negative")
	}
	return nil
}
