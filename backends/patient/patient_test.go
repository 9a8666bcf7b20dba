package patient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/patient"
)

var texts = []string{"one text"}

// struck returns an embedder whose first calls fail with the errors.
func struck(t *testing.T, errs ...error) (backends.Embedder, *faulty.Script) {
	t.Helper()
	e, err := hashing.New(backends.Model{Name: "m", Dimensions: 8}, hashing.Config{})
	require.NoError(t, err)
	script := faulty.New()
	for i, err := range errs {
		script.Add(faulty.Fault{Operation: "Embed", Nth: i + 1, Err: err})
	}
	return script.Embedder(e), script
}

func TestSitsOutShortTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, script := struck(t, backends.ErrUnavailable, &backends.ThrottledError{After: 3 * time.Second, Err: errors.New("429")}, backends.ErrUnavailable)
		began := time.Now()
		e = patient.Embedder(e, patient.Options{Waits: 10 * time.Second, Request: time.Second})
		answer, err := e.Embed(t.Context(), backends.Document, texts)
		require.NoError(t, err)
		require.Len(t, answer.Vectors, 1)
		require.Len(t, script.Calls(), 4)
		require.GreaterOrEqual(t, time.Since(began), 3*time.Second, "the embedder named its wait")
		require.Less(t, time.Since(began), 5*time.Second)
	})
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		errs  []error
		calls int
		is    error
	}{
		"a wait beyond it is not begun": {[]error{&backends.ThrottledError{After: 11 * time.Second, Err: errors.New("429")}}, 1, backends.ErrThrottled},
		"refused for good":              {[]error{backends.ErrInvalidInput}, 1, backends.ErrInvalidInput},
		"refused after trouble":         {[]error{backends.ErrUnavailable, backends.ErrUnauthorized}, 2, backends.ErrUnauthorized},
		"unknown trouble":               {[]error{errors.New("unheard of")}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, script := struck(t, c.errs...)
				_, err := patient.Embed(t.Context(), e, backends.Document, texts, patient.Options{Waits: 10 * time.Second, Request: time.Second})
				require.Error(t, err)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
				require.Len(t, script.Calls(), c.calls)
			})
		})
	}
}

func TestTroubleThatLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, script := struck(t)
		script.Add(faulty.Fault{Operation: "Embed", Err: backends.ErrUnavailable})
		began := time.Now()
		_, err := patient.Embed(t.Context(), e, backends.Document, texts, patient.Options{Waits: 10 * time.Second, Request: time.Second})
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.Greater(t, len(script.Calls()), 3)
		require.LessOrEqual(t, time.Since(began), 10*time.Second)
	})
}

func TestNoAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, script := struck(t)
		script.Add(faulty.Fault{Operation: "Embed", Nth: 1, Hang: true})
		answer, err := patient.Embed(t.Context(), e, backends.Document, texts, patient.Options{Waits: time.Minute, Request: time.Second})
		require.NoError(t, err)
		require.Len(t, answer.Vectors, 1)
		_, err = patient.Embed(t.Context(), hanging(t), backends.Document, texts, patient.Options{Request: time.Second})
		require.ErrorIs(t, err, backends.ErrUnavailable)
		require.ErrorContains(t, err, "no answer within 1s")
	})
}

func hanging(t *testing.T) backends.Embedder {
	t.Helper()
	e, script := struck(t)
	script.Add(faulty.Fault{Operation: "Embed", Hang: true})
	return e
}

// The caller's end is no trouble of the embedder's.
func TestTheCallersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, _ := struck(t, backends.ErrUnavailable)
		done := errors.New("asked to end")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(done) })
		_, err := patient.Embed(ctx, e, backends.Document, texts, patient.Options{Waits: time.Minute, Request: time.Second})
		require.ErrorIs(t, err, done)

		e, _ = struck(t, backends.ErrUnavailable)
		_, err = patient.Embed(t.Context(), e, backends.Document, texts, patient.Options{
			Waits: time.Minute, Request: time.Second, Wait: func(context.Context, time.Duration) error { return done },
		})
		require.ErrorIs(t, err, done, "the caller's own way to wait")
	})
}
