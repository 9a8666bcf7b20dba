package providertest

import (
	"slices"
	"strings"
	"time"
)

// Fault is one thing that goes wrong.
type Fault struct {
	// Nth: strikes the n-th request to the embeddings from when the fault was
	// added, from 1; 0: every one.
	Nth   int
	From  bool // all from the Nth on
	Every bool // each Nth: with 3 the third, the sixth, and so on
	// Text: only requests that have a text with this in it are meant, and
	// counted. Empty: all are.
	Text string
	Kind Kind
	// RetryAfter is the Retry-After header of answers that refuse with the
	// dialect's body, as it is: seconds, an HTTP date (see [RetryDate]), or what no
	// server should send. Empty: none.
	RetryAfter string
	// RetryAfterMS is the retry-after-ms header of the same.
	RetryAfterMS string
	// Delay comes before whatever the fault does; of Trickle, before each byte.
	Delay time.Duration
}

// counted is a fault with how many requests it has seen.
type counted struct {
	Fault
	seen int
}

func (c *counted) strikes(texts []string) bool {
	if c.Text != "" && !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, c.Text) }) {
		return false
	}
	c.seen++
	switch {
	case c.Nth == 0 || c.seen == c.Nth:
		return true
	case c.Every:
		return c.seen%c.Nth == 0
	}
	return c.From && c.seen > c.Nth
}

// Add adds faults, which count requests from now on. Of several that strike one
// request the first added is carried out.
func (s *Server) Add(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &counted{Fault: f})
	}
}

// Clear removes all faults: from now on everything works.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Struck is how many requests a fault has struck, so that a test can tell that
// the one it asked for came to pass.
func (s *Server) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// strikes returns what strikes a request with these texts, or nil.
func (s *Server) strikes(texts []string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fault *Fault
	for _, f := range s.faults {
		if f.strikes(texts) && fault == nil {
			fault = &f.Fault
			s.struck++
		}
	}
	return fault
}
