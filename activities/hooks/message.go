package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// Kind says what a hook is asked or told.
type Kind string

// The kinds.
const (
	Veto Kind = "veto" // may the job switch?
	Post Kind = "post" // the job has switched
)

// Message is what a hook gets, as JSON: a public contract.
type Message struct {
	Hook      Kind         `json:"hook"`
	Delivery  string       `json:"delivery"` // the same when the message comes twice
	Job       string       `json:"job"`      // workflow id
	Namespace string       `json:"namespace"`
	From      string       `json:"from,omitempty"` // model; absent before the first switch
	To        string       `json:"to"`             // model
	Locator   string       `json:"locator"`        // of the job's generation
	Route     *route.Route `json:"route,omitempty"`
	Former    *route.Route `json:"former,omitempty"` // of the post hook: what the route said before
}

// Refused is an answer of a hook that is no yes.
type Refused struct {
	Reason string // one line, bounded
}

func (r *Refused) Error() string { return r.Reason }

// Caller runs hooks.
type Caller struct {
	Dir string   // in which commands run
	Env []string // of commands; see Environment
}

// Call asks or tells one hook, within its timeout. It returns a *Refused where the
// hook did not agree, and another error where it said nothing.
func (c Caller) Call(ctx context.Context, h catalog.Hook, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	if h.URL != "" {
		return post(ctx, h, m, body)
	}
	return c.run(ctx, h, m, body)
}

// maxReason bounds what a hook's output becomes part of.
const maxReason = 200

// firstLine is the first line with something in it, made fit for a message.
func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == unicode.ReplacementChar {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(line, " ")))
		if len(line) > maxReason {
			line = strings.ToValidUTF8(line[:maxReason], "") + "..."
		}
		if line != "" {
			return line
		}
	}
	return ""
}
