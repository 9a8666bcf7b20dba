package openai

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"nothing":                     {nil, 0},
		"seconds":                     {map[string]string{"Retry-After": "20"}, 20 * time.Second},
		"a fraction":                  {map[string]string{"Retry-After": " 0.5 "}, 500 * time.Millisecond},
		"milliseconds come first":     {map[string]string{"Retry-After-Ms": "250", "Retry-After": "1"}, 250 * time.Millisecond},
		"milliseconds of no use":      {map[string]string{"Retry-After-Ms": "-1", "Retry-After": "1"}, time.Second},
		"a date":                      {map[string]string{"Retry-After": in(30 * time.Second)}, 30 * time.Second},
		"a date by the server's time": {map[string]string{"Retry-After": in(time.Hour + time.Minute), "Date": in(time.Hour)}, time.Minute},
		"a date that has been":        {map[string]string{"Retry-After": in(-time.Hour)}, 0},
		"a date in years":             {map[string]string{"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, maxRetryAfter},
		"zero":                        {map[string]string{"Retry-After": "0"}, 0},
		"negative":                    {map[string]string{"Retry-After": "-30"}, 0},
		"years":                       {map[string]string{"Retry-After": "31536000000"}, maxRetryAfter},
		"over all numbers":            {map[string]string{"Retry-After": "1e999"}, 0},
		"infinite":                    {map[string]string{"Retry-After": "Inf"}, maxRetryAfter},
		"not a number":                {map[string]string{"Retry-After": "NaN"}, 0},
		"words":                       {map[string]string{"Retry-After": "in a minute"}, 0},

		"what is used up resets": {map[string]string{"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "6m0s"}, 6 * time.Minute},
		"both are used up": {map[string]string{
			"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "120ms",
			"X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "1s",
		}, time.Second},
		"what is left counts for nothing": {map[string]string{
			"X-Ratelimit-Remaining-Tokens": "99", "X-Ratelimit-Reset-Tokens": "10s",
			"X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "2",
		}, 2 * time.Second},
		"a reset in years": {map[string]string{"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "999999h"}, maxRetryAfter},
		"a negative reset": {map[string]string{"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "-9s"}, 0},
		"a garbled reset":  {map[string]string{"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "?"}, 0},
	} {
		h := http.Header{}
		for name, value := range c.header {
			h.Set(name, value)
		}
		require.Equal(t, c.want, retryAfter(h, now), name)
	}
}
