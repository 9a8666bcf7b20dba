package openai

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/reembed/reembed/backends"
)

// Client speaks with one server: its connections, key and limits are shared by
// the embedders of all models that it serves. It is safe for concurrent use.
type Client struct {
	cfg    Config
	http   *http.Client
	header http.Header
	pace   *pace
}

// NewClient connects to nothing; it reads the CA file. ErrInvalidInput for a
// setting that can't be used, ErrNotFound for a file that can't be read.
func NewClient(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	return &Client{
		cfg:    cfg,
		header: headers(cfg),
		pace:   newPace(cfg.Limits),
		http: &http.Client{
			Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}, nil
}

// connections that are kept open: as many as a large worker has requests at once.
const connections = 256

func newTransport(cfg Config) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		// Of a connection that many requests share nobody would notice otherwise
		// that its other end is gone, until each of them ran into its timeout.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		// Base64 of floats hardly shrinks: unpacking costs more than it saves.
		DisableCompression: true,
	}
	if cfg.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%w: CA file: %w", backends.ErrNotFound, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%w: CA file %s holds no PEM certificate", backends.ErrInvalidInput, cfg.CAFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// headers are those that each request has.
func headers(cfg Config) http.Header {
	h := http.Header{}
	for name, value := range cfg.Headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json")
	if h.Get("User-Agent") == "" {
		h.Set("User-Agent", "reembed")
	}
	for name, value := range map[string]string{"OpenAI-Organization": cfg.Organization, "OpenAI-Project": cfg.Project} {
		if value != "" {
			h.Set(name, value)
		}
	}
	switch {
	case cfg.APIKey == "":
	case cfg.Azure != nil:
		h.Set("Api-Key", cfg.APIKey)
	default:
		h.Set("Authorization", "Bearer "+cfg.APIKey)
	}
	return h
}

// endpoint is where the embeddings of a model are asked for.
func (c *Client) endpoint(m backends.Model) (string, error) {
	u, err := url.Parse(c.cfg.BaseURL)
	if err != nil { // Validate has seen it
		return "", fmt.Errorf("%w: base URL", backends.ErrInvalidInput)
	}
	if c.cfg.Azure == nil {
		return u.JoinPath("embeddings").String(), nil
	}
	u = u.JoinPath("openai", "deployments", url.PathEscape(cmp.Or(c.cfg.Azure.Deployment, providerModel(m))), "embeddings")
	u.RawQuery = url.Values{"api-version": {c.cfg.Azure.APIVersion}}.Encode()
	return u.String(), nil
}

// providerModel is what the server calls the model.
func providerModel(m backends.Model) string { return cmp.Or(m.ProviderModel, m.Name) }
