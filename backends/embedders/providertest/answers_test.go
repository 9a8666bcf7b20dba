package providertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// spoiled is a check of an answer with status 200 to the texts "one", "two", "three".
type spoiled func(t *testing.T, l list, format string)

var three = []string{"one", "two", "three"}

func vectors(t *testing.T, l list) [][]float32 {
	t.Helper()
	out := make([][]float32, len(l.Data))
	for i, e := range l.Data {
		out[i] = e.vector(t)
	}
	return out
}

func indexes(l list) []int {
	out := make([]int, len(l.Data))
	for i, e := range l.Data {
		out[i] = *e.Index
	}
	return out
}

// right reports which of the vectors are those of the texts.
func right(t *testing.T, l list, places ...int) {
	t.Helper()
	got := vectors(t, l)
	require.Len(t, got, len(places))
	for i, place := range places {
		require.Equal(t, want(t, model, 256, three[place]), got[i], "vector %d", i)
	}
}

var spoils = map[providertest.Kind]spoiled{
	providertest.NoData:   func(t *testing.T, l list, _ string) { require.NotNil(t, l.Data); require.Empty(t, l.Data) },
	providertest.NullData: func(t *testing.T, l list, _ string) { require.Nil(t, l.Data) },
	providertest.TooFew:   func(t *testing.T, l list, _ string) { right(t, l, 0, 1) },
	providertest.TooMany: func(t *testing.T, l list, _ string) {
		right(t, l, 0, 1, 2, 2)
		require.Equal(t, []int{0, 1, 2, 3}, indexes(l))
	},
	providertest.Reordered: func(t *testing.T, l list, _ string) {
		right(t, l, 2, 1, 0)
		require.Equal(t, []int{2, 1, 0}, indexes(l))
	},
	providertest.DuplicateIndex:  func(t *testing.T, l list, _ string) { require.Equal(t, []int{0, 1, 0}, indexes(l)) },
	providertest.IndexOutOfRange: func(t *testing.T, l list, _ string) { require.Equal(t, []int{0, 1, 3}, indexes(l)) },
	providertest.NegativeIndex:   func(t *testing.T, l list, _ string) { require.Equal(t, []int{0, 1, -1}, indexes(l)) },
	providertest.NoIndex: func(t *testing.T, l list, _ string) {
		right(t, l, 0, 1, 2)
		require.Nil(t, l.Data[0].Index)
	},
	providertest.WrongLength: func(t *testing.T, l list, _ string) {
		got := vectors(t, l)
		require.Equal(t, want(t, model, 256, "three")[:255], got[2])
		require.Len(t, got[1], 256)
	},
	providertest.EmptyVector: func(t *testing.T, l list, _ string) { require.Empty(t, vectors(t, l)[2]) },
	providertest.NullVector:  func(t *testing.T, l list, _ string) { require.JSONEq(t, "null", string(l.Data[2].Embedding)) },
	providertest.NaN: func(t *testing.T, l list, format string) {
		if format == "base64" {
			require.True(t, math.IsNaN(float64(vectors(t, l)[2][0])))
			return
		}
		require.Equal(t, "[null,", string(l.Data[2].Embedding[:6]))
	},
	providertest.Infinite: func(t *testing.T, l list, format string) {
		if format == "base64" {
			require.True(t, math.IsInf(float64(vectors(t, l)[2][0]), 1))
			return
		}
		require.Equal(t, "[1e999,", string(l.Data[2].Embedding[:7]))
	},
	providertest.ZeroVector: func(t *testing.T, l list, _ string) {
		got := vectors(t, l)
		require.Equal(t, make([]float32, 256), got[2])
		require.Equal(t, want(t, model, 256, "two"), got[1])
	},
	providertest.OtherEncoding: func(t *testing.T, l list, format string) {
		right(t, l, 0, 1, 2)
		require.Equal(t, format == "float", l.Data[0].Embedding[0] == '"')
	},
	providertest.BadBase64: func(t *testing.T, l list, _ string) { require.JSONEq(t, `"!no base64!"`, string(l.Data[2].Embedding)) },
	providertest.OddBase64: func(t *testing.T, l list, _ string) { require.JSONEq(t, `"AAAAAAA="`, string(l.Data[2].Embedding)) },
	providertest.OtherModel: func(t *testing.T, l list, _ string) {
		for i, v := range vectors(t, l) {
			require.Len(t, v, 256)
			require.NotEqual(t, want(t, model, 256, three[i]), v)
		}
	},
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	for _, d := range providertest.Dialects() {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, providertest.Options{Dialect: d})
			for kind, check := range spoils {
				for _, format := range []string{"float", "base64"} {
					before := s.Texts()
					r, err := strike(t, s, d, providertest.Fault{Kind: kind}, format, three...)
					require.NoError(t, err, kind)
					check(t, r.list(t), format)
					require.Equal(t, before+3, s.Texts(), "%s: the work was done", kind)
				}
			}
		})
	}
}

// With a single text the last one is the first.
func TestSpoiledAnswersOfOneText(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	for kind, n := range map[providertest.Kind]int{providertest.DuplicateIndex: 2, providertest.TooFew: 0, providertest.TooMany: 2, providertest.Reordered: 1} {
		r, err := strike(t, s, providertest.OpenAI, providertest.Fault{Kind: kind}, "base64", "one")
		require.NoError(t, err)
		require.Len(t, r.list(t).Data, n, kind)
	}
}

// garbled are checks of what a client reads that is no proper answer.
var garbled = map[providertest.Kind]func(t *testing.T, r reply, err error){
	providertest.Disconnect:   func(t *testing.T, _ reply, err error) { require.ErrorIs(t, err, io.EOF) },
	providertest.GarbageBytes: func(t *testing.T, _ reply, err error) { require.ErrorContains(t, err, "malformed HTTP") },
	providertest.CutBody: func(t *testing.T, r reply, err error) {
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, 200, r.status)
		require.NotEmpty(t, r.body)
	},
	providertest.GarbageGzip: func(t *testing.T, _ reply, err error) { require.ErrorContains(t, err, "gzip: invalid header") },
	providertest.TruncatedJSON: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		var syntax *json.SyntaxError
		require.ErrorAs(t, json.Unmarshal(r.body, new(any)), &syntax)
		require.EqualValues(t, len(r.body), syntax.Offset, "it ends too soon")
	},
	providertest.MalformedJSON: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.ErrorContains(t, json.Unmarshal(r.body, new(any)), "invalid character 'l' looking for beginning of value")
	},
	providertest.TrailingBytes: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.ErrorContains(t, json.Unmarshal(r.body, new(any)), "after top-level value")
		require.NoError(t, json.Unmarshal(r.body[:len(r.body)-2], new(any)))
	},
	providertest.WrongType: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
		require.True(t, json.Valid(r.body))
	},
	providertest.HTMLPage: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
		require.True(t, strings.HasPrefix(string(r.body), "<!DOCTYPE html>"))
	},
	providertest.EmptyBody: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.Equal(t, 200, r.status)
		require.Empty(t, r.body)
	},
	providertest.CloseAfter: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.Len(t, r.list(t).Data, 3)
		require.Empty(t, r.header.Get("Connection"))
	},
	providertest.Trickle: func(t *testing.T, r reply, err error) {
		require.NoError(t, err)
		require.Len(t, r.list(t).Data, 3)
	},
}

func TestGarbledAnswers(t *testing.T) {
	t.Parallel()
	for _, tls := range []bool{false, true} {
		for kind, check := range garbled {
			if tls && kind != providertest.Disconnect && kind != providertest.CutBody && kind != providertest.GarbageBytes {
				continue // the connection is no matter
			}
			s := start(t, providertest.Options{TLS: tls, Models: map[string]int{model: 2}})
			s.Add(providertest.Fault{Nth: 1, Kind: kind, Delay: time.Microsecond})
			client := trusting(t, s)
			body := request(t, map[string]any{"model": model, "input": three, "encoding_format": "base64"})
			r, err := do(t, client, s.URL()+"/embeddings", nil, body)
			check(t, r, err)
			require.Equal(t, 1, s.Struck(), kind)
			client.CloseIdleConnections() // one that was closed without a word may still look usable
			r, err = do(t, client, s.URL()+"/embeddings", nil, body)
			require.NoError(t, err, kind)
			require.Len(t, r.list(t).Data, 3, "%s: the next one works", kind)
		}
	}
}

// Who is patient gets nothing, and who is not gets away.
func TestHangAndTrickleOutlastAClient(t *testing.T) {
	t.Parallel()
	for _, kind := range []providertest.Kind{providertest.Hang, providertest.Trickle} {
		s := start(t, providertest.Options{})
		s.Add(providertest.Fault{Nth: 1, Kind: kind})
		client := &http.Client{Timeout: 100 * time.Millisecond}
		_, err := do(t, client, s.URL()+"/embeddings", nil, request(t, map[string]any{"model": model, "input": "x"}))
		require.True(t, errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Client.Timeout"), "%s: %v", kind, err)
		client.CloseIdleConnections()
	}
}

// Every kind of fault has a test here.
func TestEveryKindIsTested(t *testing.T) {
	t.Parallel()
	elsewhere := []providertest.Kind{
		providertest.Hang, providertest.BadRequest, providertest.Unauthorized, providertest.Forbidden, providertest.ModelNotFound, providertest.TooLarge,
		providertest.InferenceFailed, providertest.RateLimited, providertest.QuotaExhausted, providertest.BudgetExceeded, providertest.InternalError,
		providertest.BadGateway, providertest.Unavailable, providertest.Redirect, providertest.ErrorWithStatus, providertest.QuotesInput,
	}
	tested := elsewhere
	for kind := range spoils {
		tested = append(tested, kind)
	}
	for kind := range garbled {
		tested = append(tested, kind)
	}
	require.ElementsMatch(t, providertest.Kinds(), tested)
}
