package openai

import (
	"cmp"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// Encoding is how a server is asked to write vectors.
type Encoding string

// The encodings. An answer in the other one is understood too.
const (
	Base64 Encoding = "base64" // of little-endian float32
	Float  Encoding = "float"  // JSON numbers, for servers that refuse base64
)

// Config is what the catalog says of one server. BaseURL is required; the zero
// value of every other field has a default.
type Config struct {
	// BaseURL is what stands before /embeddings, or before /openai/deployments
	// for Azure: https://api.openai.com/v1.
	BaseURL string
	APIKey  string // none: no key is sent
	Azure   *Azure // nil: the server is addressed as OpenAI is
	// Organization and Project are sent as OpenAI's headers of these names.
	Organization string
	Project      string
	Headers      map[string]string // sent with each request
	Encoding     Encoding          // Base64
	// SendDimensions sends the model's dimensions, for models that shorten their
	// vectors on request. Those that can't refuse the field, or ignore it.
	SendDimensions bool
	Timeout        time.Duration // of one request, from dialling to the last byte; 60 s
	// CAFile is a file of PEM certificates: the only authorities that the
	// server's certificate may come from. Empty: the system's.
	CAFile              string
	MaxInputs           int // texts of a request; 2,048, OpenAI's bound
	MaxTokensPerRequest int // as estimated; 300,000, OpenAI's bound
	Limits              Limits
}

// Azure addresses a server as Azure OpenAI is: by deployment and API version,
// with the key in a header of its own.
type Azure struct {
	APIVersion string
	Deployment string // empty: named as the model
}

// Limits are what this process sends in a minute at most; 0: no bound.
type Limits struct {
	RPM int // requests
	TPM int // tokens, as estimated, corrected by what the server counts
}

func (c Config) withDefaults() Config {
	c.Encoding = cmp.Or(c.Encoding, Base64)
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	c.MaxInputs = cmp.Or(c.MaxInputs, 2048)
	c.MaxTokensPerRequest = cmp.Or(c.MaxTokensPerRequest, 300_000)
	return c
}

// Validate returns an ErrInvalidInput that names the first setting that can't
// be used. It reads no file, and quotes neither key nor headers.
func (c Config) Validate() error {
	if err := CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	for name, value := range map[string]string{"API key": c.APIKey, "organization": c.Organization, "project": c.Project} {
		if err := CheckHeader("Authorization", value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, value := range c.Headers {
		if err := CheckHeader(name, value); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	switch {
	case c.Azure != nil && c.Azure.APIVersion == "":
		return fmt.Errorf("%w: azure without an API version", backends.ErrInvalidInput)
	case c.Encoding != "" && c.Encoding != Base64 && c.Encoding != Float:
		return fmt.Errorf("%w: encoding %q is neither %s nor %s", backends.ErrInvalidInput, c.Encoding, Base64, Float)
	case c.Timeout < 0 || min(c.MaxInputs, c.MaxTokensPerRequest, c.Limits.RPM, c.Limits.TPM) < 0:
		return fmt.Errorf("%w: a negative timeout or limit", backends.ErrInvalidInput)
	}
	return nil
}

// CheckBaseURL returns an ErrInvalidInput unless the address can be put before
// /embeddings. It does not quote the address: there may be a secret in it.
func CheckBaseURL(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return fmt.Errorf("%w: base URL: write it like https://api.openai.com/v1", backends.ErrInvalidInput)
	case u.User != nil:
		return fmt.Errorf("%w: base URL: has a user or password: give the key apart", backends.ErrInvalidInput)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%w: base URL: has a query or fragment: leave it away", backends.ErrInvalidInput)
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/embeddings"):
		return fmt.Errorf("%w: base URL: ends in /embeddings, which is added by itself: leave it away", backends.ErrInvalidInput)
	}
	return nil
}

// taken are the headers that belong to the request's form, and to the key.
var taken = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type",
	"Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// CheckHeader returns an ErrInvalidInput unless the header can be sent beside
// this package's own. It does not quote the value.
func CheckHeader(name, value string) error {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&'*+-.^_`|~", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			return fmt.Errorf("%w: not a name of a header", backends.ErrInvalidInput)
		}
	}
	if name == "" || slices.Contains(taken, textproto.CanonicalMIMEHeaderKey(name)) {
		return fmt.Errorf("%w: not a header to be set", backends.ErrInvalidInput)
	}
	if strings.TrimSpace(value) != value || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%w: has white space around it, or characters that no header has", backends.ErrInvalidInput)
	}
	return nil
}
