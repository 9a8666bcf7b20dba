package openai

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// origin is where an answer came from. It makes what an error says about it.
type origin struct {
	host, model string
	status      int
	header      http.Header
	key         string
	inputs      []string
}

func (e *Embedder) origin(resp *http.Response, inputs []string) origin {
	return origin{
		host: e.host, model: providerModel(e.model), status: resp.StatusCode, header: resp.Header,
		key: e.client.cfg.APIKey, inputs: inputs,
	}
}

// requestIDs are the headers in which servers and gateways name a request.
var requestIDs = []string{"X-Request-Id", "Apim-Request-Id", "X-Ms-Request-Id", "X-Litellm-Call-Id", "Request-Id", "Cf-Ray"}

// String is "host: 429 Too Many Requests for model m (request id r)".
func (o origin) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d", o.host, o.status)
	if text := http.StatusText(o.status); text != "" {
		b.WriteString(" " + text)
	}
	fmt.Fprintf(&b, " for model %s", o.model)
	if id := o.requestID(); id != "" {
		fmt.Fprintf(&b, " (request id %s)", id)
	}
	return b.String()
}

func (o origin) requestID() string {
	for _, name := range requestIDs {
		if id := o.word(o.header.Get(name)); id != "" {
			return id
		}
	}
	return ""
}

var oneWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/\[\]-]{0,79}$`)

// word returns what a server said if an error may repeat it: one word that is
// part of no text and not of the key, and holds neither; else "". Case does not count.
func (o origin) word(said string) string {
	if !oneWord.MatchString(said) {
		return ""
	}
	lower := strings.ToLower(said)
	for _, private := range append(o.inputs[:len(o.inputs):len(o.inputs)], o.key) {
		private = strings.ToLower(private)
		const chance = 4 // shorter than this, a text is in any word by chance
		if strings.Contains(private, lower) || len(private) >= chance && strings.Contains(lower, private) {
			return ""
		}
	}
	return said
}
