package builtin

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/openai"
)

// openAIDriver reads
//
//	base_url: https://api.openai.com/v1   what stands before /embeddings
//	api_key: "${OPENAI_API_KEY}"          a variable; no key is sent without it
//	azure: {api_version: "2024-10-21"}    and deployment, where it is not named as the model
//	organization: org-...                 OpenAI's headers of these names
//	project: proj_...
//	headers: {X-Team: search}             sent with each request
//	encoding: base64                      or float
//	send_dimensions: true                 ask for vectors of the model's dimensions
//	timeout: 60s                          of one request
//	ca_file: ca.pem                       the only authorities of the server's certificate
//	max_inputs: 2048                      texts of one request
//	max_tokens_per_request: 300000
//	limits: {rpm: 3000, tpm: 1000000}     requests and tokens a minute, of this process
//
// of which base_url is required.
func openAIDriver() catalog.EmbedderDriver {
	return catalog.EmbedderDriver{
		Embedder: func(f *catalog.Fields) func(backends.Model) (backends.Embedder, error) {
			shared := &openAIClient{cfg: openAIConfig(f)}
			return shared.embedder
		},
	}
}

func openAIConfig(f *catalog.Fields) openai.Config {
	f.Need("base_url")
	cfg := openai.Config{
		BaseURL:             f.String("base_url"),
		APIKey:              f.Secret("api_key"),
		Organization:        f.String("organization"),
		Project:             f.String("project"),
		Headers:             f.Texts("headers"),
		Encoding:            openai.Encoding(f.OneOf("encoding", string(openai.Base64), string(openai.Float))),
		SendDimensions:      f.Bool("send_dimensions"),
		Timeout:             f.Duration("timeout"),
		CAFile:              f.Path("ca_file"),
		MaxInputs:           f.Int("max_inputs", 1, math.MaxInt32),
		MaxTokensPerRequest: f.Int("max_tokens_per_request", 1, math.MaxInt32),
	}
	if a := f.Mapping("azure"); a != nil {
		a.Need("api_version")
		cfg.Azure = &openai.Azure{APIVersion: a.String("api_version"), Deployment: a.String("deployment")}
	}
	if l := f.Mapping("limits"); l != nil {
		cfg.Limits = openai.Limits{RPM: l.Int("rpm", 1, math.MaxInt32), TPM: l.Int("tpm", 1, math.MaxInt32)}
	}
	if cfg.BaseURL != "" {
		complain(f, "base_url", openai.CheckBaseURL(cfg.BaseURL))
	}
	for key, value := range map[string]string{"api_key": cfg.APIKey, "organization": cfg.Organization, "project": cfg.Project} {
		complain(f, key, openai.CheckHeader("Authorization", value))
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Headers)) {
		if err := openai.CheckHeader(name, cfg.Headers[name]); err != nil {
			f.Problem("headers", "%q: %s", name, bare(err))
		}
	}
	return cfg
}

// complain reports what a driver's check says.
func complain(f *catalog.Fields, key string, err error) {
	if err != nil {
		f.Problem(key, "%s", bare(err))
	}
}

// bare is what a driver's check says, without the sentinel's words.
func bare(err error) string {
	return strings.TrimPrefix(err.Error(), backends.ErrInvalidInput.Error()+": ")
}

// openAIClient is one for all models of an entry, so that its limits hold for
// all of them. A CA file that could not be read is tried again.
type openAIClient struct {
	cfg openai.Config

	mu     sync.Mutex
	client *openai.Client
}

func (s *openAIClient) embedder(m backends.Model) (backends.Embedder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		c, err := openai.NewClient(s.cfg)
		if err != nil {
			return nil, err
		}
		s.client = c
	}
	e, err := s.client.Embedder(m)
	if err != nil {
		return nil, err
	}
	return e, nil
}
