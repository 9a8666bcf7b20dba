package worker

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// secrets knows the values that must not be shown: those of the variables that
// the catalog names, the passwords inside them, and Temporal's keys. Drivers
// keep them out of their errors; this is the second wall.
type secrets struct {
	env environment

	mu    sync.RWMutex
	known map[string]string // value -> what is shown in its place
	order []string          // values, longest first
}

// shortest is the length from which a value is a secret: a port or "true" would
// only make logs unreadable.
const shortest = 6

func newSecrets(env environment) *secrets {
	s := &secrets{env: env, known: map[string]string{}}
	for _, name := range []string{"TEMPORAL_API_KEY", "TEMPORAL_TLS_CLIENT_KEY_DATA"} {
		s.lookup(name)
	}
	return s
}

// lookup is the catalog's way to the environment: what goes through is secret.
func (s *secrets) lookup(name string) (string, bool) {
	value, ok := s.env.LookupEnv(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range append(passwords(value), value) {
		if len(v) >= shortest && s.known[v] == "" {
			s.known[v] = "${" + name + "}"
			s.order = append(s.order, v)
		}
	}
	slices.SortFunc(s.order, func(a, b string) int { return len(b) - len(a) })
	return value, ok
}

// redact replaces every secret in text by the name of its variable.
func (s *secrets) redact(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, v := range s.order {
		text = strings.ReplaceAll(text, v, s.known[v])
	}
	return text
}

var keyword = regexp.MustCompile(`(?i)password\s*=\s*('[^']*'|\S+)`)

// passwords finds what a driver may quote of a DSN: the password of a URL, as
// written and decoded, or that of "host=... password=...".
func passwords(dsn string) []string {
	var found []string
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		if p, ok := u.User.Password(); ok {
			found = append(found, p, url.QueryEscape(p), url.PathEscape(p))
		}
		if _, raw, ok := strings.Cut(strings.SplitN(dsn, "@", 2)[0], "//"); ok {
			if _, p, ok := strings.Cut(raw, ":"); ok {
				found = append(found, p)
			}
		}
	}
	for _, m := range keyword.FindAllStringSubmatch(dsn, -1) {
		found = append(found, strings.Trim(m[1], "'"))
	}
	return found
}
