package observed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/observed"
)

type observation struct {
	role, operation string
	items           int
	took            time.Duration
	class           string
}

type recorder struct{ seen []observation }

func (r *recorder) Observe(role, operation string, items int, took time.Duration, err error) {
	r.seen = append(r.seen, observation{role, operation, items, took, observed.Class(err)})
}

// slow is one of each role; each call takes a second and ends with err.
type slow struct {
	backends.Embedder
	backends.Registry
	err error
}

func (s *slow) Embed(context.Context, backends.Purpose, []string) (backends.Embedding, error) {
	time.Sleep(time.Second) // of the test's clock
	return backends.Embedding{}, s.err
}

func (s *slow) List(context.Context, string, string, string, int) ([]backends.Entry, error) {
	time.Sleep(2 * time.Second)
	return make([]backends.Entry, 5), s.err
}

type slowSource struct{ backends.Source }

func (slowSource) Lookup(context.Context, []string) ([]backends.Item, error) { return nil, nil }

type slowIndex struct{ backends.Index }

func (slowIndex) Open(context.Context, string) (backends.Generation, error) {
	return slowGeneration{}, nil
}

type slowGeneration struct{ backends.Generation }

func (slowGeneration) Upsert(context.Context, []backends.Record) error {
	time.Sleep(3 * time.Second)
	return backends.ErrDimension
}

func TestObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		s := &slow{}
		e := observed.Embedder(s, &r)
		_, err := e.Embed(t.Context(), backends.Document, []string{"x", "y"})
		require.NoError(t, err)
		s.err = fmt.Errorf("post: %w", &backends.ThrottledError{Err: errors.New("429")})
		_, err = e.Embed(t.Context(), backends.Document, []string{"x"})
		require.Equal(t, s.err, err, "the observer changes nothing")

		s.err = nil
		entries, err := observed.Registry(s, &r).List(t.Context(), "kind", "", "", 10)
		require.NoError(t, err)
		require.Len(t, entries, 5)

		_, err = observed.Source(slowSource{}, &r).Lookup(t.Context(), []string{"a", "b", "c"})
		require.NoError(t, err)

		g, err := observed.Index(slowIndex{}, &r).Open(t.Context(), "l")
		require.NoError(t, err)
		require.ErrorIs(t, g.Upsert(t.Context(), make([]backends.Record, 4)), backends.ErrDimension)

		require.Equal(t, []observation{
			{"embedder", "Embed", 2, time.Second, "ok"},
			{"embedder", "Embed", 1, time.Second, "throttled"},
			{"registry", "List", 5, 2 * time.Second, "ok"},
			{"source", "Lookup", 3, 0, "ok"},
			{"index", "Open", 0, 0, "ok"},
			{"generation", "Upsert", 4, 3 * time.Second, "dimension"},
		}, r.seen)
	})
}

func TestClass(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"ok":              nil,
		"unavailable":     backends.ErrUnavailable,
		"throttled":       backends.ErrThrottled,
		"quota_exhausted": backends.ErrQuotaExhausted,
		"unauthorized":    backends.ErrUnauthorized,
		"not_found":       backends.ErrNotFound,
		"unknown_model":   backends.ErrUnknownModel,
		"dimension":       backends.ErrDimension,
		"invalid_input":   backends.ErrInvalidInput,
		"invalid_vector":  backends.ErrInvalidVector,
		"conflict":        backends.ErrConflict,
		"unsupported":     backends.ErrUnsupported,
		"cancelled":       context.Canceled,
		"deadline":        context.DeadlineExceeded,
		"other":           errors.New("anything"),
	} {
		require.Equal(t, want, observed.Class(err))
		if err != nil {
			require.Equal(t, want, observed.Class(fmt.Errorf("read page: %w", err)))
		}
	}
	both := fmt.Errorf("%w: no answer: %w", backends.ErrUnavailable, context.DeadlineExceeded)
	require.Equal(t, "deadline", observed.Class(both), "what ended the call comes first")
}
