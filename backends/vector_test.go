package backends_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

func TestCheckVector(t *testing.T) {
	t.Parallel()
	unit := backends.Model{Name: "m", Dimensions: 2, Normalized: true}
	free := backends.Model{Name: "m", Dimensions: 2}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		v     []float32
		m     backends.Model
		wants error
	}{
		"unit":                {[]float32{0.6, 0.8}, unit, nil},
		"nearly unit":         {[]float32{0.6, 0.805}, unit, nil},
		"longer, as declared": {[]float32{3, 4}, free, nil},
		"short":               {[]float32{1}, free, backends.ErrDimension},
		"none":                {nil, free, backends.ErrDimension},
		"NaN":                 {[]float32{nan, 1}, free, backends.ErrInvalidVector},
		"infinite":            {[]float32{1, inf}, free, backends.ErrInvalidVector},
		"zero":                {[]float32{0, 0}, free, backends.ErrInvalidVector},
		"not unit":            {[]float32{3, 4}, unit, backends.ErrInvalidVector},
	} {
		require.ErrorIs(t, backends.CheckVector(c.v, c.m), c.wants, name)
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	a, b := []float32{1, 0}, []float32{3, 4}
	require.InDelta(t, 0.6, backends.Cosine.Score(a, b), 1e-12)
	require.InDelta(t, 3, backends.Dot.Score(a, b), 1e-12)
	require.InDelta(t, -math.Sqrt(20), backends.Euclidean.Score(a, b), 1e-12)
	require.Zero(t, backends.CosineSimilarity(a, []float32{0, 0}))
	require.Zero(t, backends.CosineSimilarity(a, []float32{1}))
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	cause := errors.New("slow down")
	err := error(&backends.ThrottledError{After: time.Second, Err: cause})
	require.ErrorIs(t, err, backends.ErrThrottled)
	require.ErrorIs(t, err, cause)
	require.Equal(t, time.Second, backends.RetryAfter(errors.Join(errors.New("x"), err)))
	require.Zero(t, backends.RetryAfter(cause))
	require.NotContains(t, (&backends.ThrottledError{Err: cause}).Error(), "retry after")
}

func TestEstimateTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "a": 1, "abc": 1, "abcd": 2, "日本": 2} {
		require.Equal(t, want, backends.EstimateTokens(text), text)
	}
}

type layer struct{ under any }

func (l layer) Unwrap() any { return l.under }

type able struct{}

func (able) Do() string { return "done" }

func TestAsFindsAbilitiesBehindDecorators(t *testing.T) {
	t.Parallel()
	type doer interface{ Do() string }
	d, ok := backends.As[doer](layer{layer{able{}}})
	require.True(t, ok)
	require.Equal(t, "done", d.Do())
	_, ok = backends.As[doer](layer{layer{nil}})
	require.False(t, ok)
	_, ok = backends.As[doer](nil)
	require.False(t, ok)
	_, ok = backends.As[doer](7)
	require.False(t, ok)
}
