package openai

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds the wait that a server may ask for. Whoever waits for
// something that takes longer asks again in between, which costs a request.
const maxRetryAfter = 10 * time.Minute

// retryAfter is how long a server asks to wait, from what is there of
//
//	Retry-After-Ms      milliseconds; OpenAI, Azure
//	Retry-After         seconds, or a date, which is held against the server's own clock
//	X-Ratelimit-Reset-* a span of time like 1s or 6m0s, of limits with nothing remaining
//
// What is negative, past or no number says nothing: zero.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, d := range []time.Duration{
		number(h.Get("Retry-After-Ms"), time.Millisecond),
		number(h.Get("Retry-After"), time.Second),
		date(h, now),
		max(reset(h, "Requests"), reset(h, "Tokens")),
	} {
		if d > 0 {
			return min(d, maxRetryAfter)
		}
	}
	return 0
}

func number(s string, unit time.Duration) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(n) || n <= 0 {
		return 0
	}
	return time.Duration(min(n*float64(unit), float64(maxRetryAfter)))
}

func date(h http.Header, now time.Time) time.Duration {
	until, err := http.ParseTime(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	if own, err := http.ParseTime(h.Get("Date")); err == nil {
		now = own
	}
	return until.Sub(now)
}

// reset is when a limit that is used up has room again.
func reset(h http.Header, what string) time.Duration {
	if left := h.Get("X-Ratelimit-Remaining-" + what); left != "" && strings.TrimSpace(left) != "0" {
		return 0
	}
	s := strings.TrimSpace(h.Get("X-Ratelimit-Reset-" + what))
	if d, err := time.ParseDuration(s); err == nil {
		return d
	}
	return number(s, time.Second)
}
