package openai_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/openai"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

const canary = "canary-7f3a of the texts"

var texts = []string{"tea with lemon", canary, "a parcel to Norway"}

// outcome is what has to come of a fault.
type outcome struct {
	is error // nil: sound vectors
	// unsound: the answer comes through, and CheckVector refuses its last vector.
	unsound bool
	// stale: the next request may meet a connection that was closed meanwhile.
	// It may have been read, and is not sent twice: that is for who asked.
	stale bool
}

// faults by what has to come of them, whatever the dialect.
var faults = map[providertest.Kind]outcome{
	providertest.BadRequest:      {is: backends.ErrInvalidInput},
	providertest.Unauthorized:    {is: backends.ErrUnauthorized},
	providertest.Forbidden:       {is: backends.ErrUnauthorized},
	providertest.ModelNotFound:   {is: backends.ErrUnknownModel},
	providertest.TooLarge:        {is: backends.ErrInvalidInput},
	providertest.RateLimited:     {is: backends.ErrThrottled},
	providertest.QuotaExhausted:  {is: backends.ErrQuotaExhausted},
	providertest.InternalError:   {is: backends.ErrUnavailable},
	providertest.BadGateway:      {is: backends.ErrUnavailable},
	providertest.Unavailable:     {is: backends.ErrUnavailable},
	providertest.ErrorWithStatus: {is: backends.ErrUnavailable},
	providertest.InferenceFailed: {is: backends.ErrUnavailable},
	providertest.BudgetExceeded:  {is: backends.ErrQuotaExhausted},
	providertest.Redirect:        {is: backends.ErrUnavailable},
	providertest.QuotesInput:     {is: backends.ErrInvalidInput},

	providertest.Hang:         {is: backends.ErrUnavailable},
	providertest.Disconnect:   {is: backends.ErrUnavailable},
	providertest.CutBody:      {is: backends.ErrUnavailable},
	providertest.Trickle:      {is: backends.ErrUnavailable},
	providertest.GarbageGzip:  {},
	providertest.CloseAfter:   {stale: true},
	providertest.GarbageBytes: {is: backends.ErrUnavailable},

	providertest.TruncatedJSON:   {is: backends.ErrUnavailable},
	providertest.MalformedJSON:   {is: backends.ErrUnavailable},
	providertest.WrongType:       {},
	providertest.HTMLPage:        {is: backends.ErrUnavailable},
	providertest.EmptyBody:       {is: backends.ErrUnavailable},
	providertest.TrailingBytes:   {is: backends.ErrUnavailable},
	providertest.NullData:        {is: backends.ErrInvalidVector},
	providertest.NegativeIndex:   {is: backends.ErrInvalidVector},
	providertest.EmptyVector:     {is: backends.ErrDimension},
	providertest.NullVector:      {is: backends.ErrInvalidVector},
	providertest.OddBase64:       {is: backends.ErrInvalidVector},
	providertest.NoData:          {is: backends.ErrInvalidVector},
	providertest.TooFew:          {is: backends.ErrInvalidVector},
	providertest.TooMany:         {is: backends.ErrInvalidVector},
	providertest.Reordered:       {},
	providertest.DuplicateIndex:  {is: backends.ErrInvalidVector},
	providertest.IndexOutOfRange: {is: backends.ErrInvalidVector},
	providertest.NoIndex:         {is: backends.ErrInvalidVector},
	providertest.WrongLength:     {is: backends.ErrDimension},
	providertest.NaN:             {unsound: true},
	providertest.Infinite:        {unsound: true},
	providertest.ZeroVector:      {unsound: true},
	providertest.OtherEncoding:   {},
	providertest.BadBase64:       {is: backends.ErrInvalidVector},
	providertest.OtherModel:      {}, // only the canaries tell
}

// TestEveryFault guards the table of refusals: each fault of each dialect has
// its sentinel, no error holds a text or the key, and the next request works.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, dialect := range providertest.Dialects() {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			for _, kind := range providertest.Kinds() {
				t.Run(string(kind), func(t *testing.T) {
					t.Parallel()
					want, listed := faults[kind]
					require.True(t, listed, "say what has to come of it")
					if dialect == providertest.LlamaServer && (kind == providertest.InternalError || kind == providertest.ErrorWithStatus) {
						want.is = backends.ErrInvalidInput // its 500 says that a text is too long
					}
					checkFault(t, dialect, kind, want)
				})
			}
		})
	}
}

func checkFault(t *testing.T, dialect providertest.Dialect, kind providertest.Kind, want outcome) {
	t.Helper()
	s := serve(t, providertest.Options{Dialect: dialect, Key: key})
	patience := time.Minute
	settings := func(c *openai.Config) {
		c.Timeout = patience
		if dialect == providertest.Azure {
			azure(c)
		}
	}
	e := dial(t, s, model(64), settings)
	struck := e
	if kind == providertest.Hang || kind == providertest.Trickle {
		patience = time.Second // in which a busy machine gets a request to its server
		struck = dial(t, s, model(64), settings)
	}
	sound, err := e.Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
	s.Add(providertest.Fault{Nth: 1, Kind: kind})

	got, err := struck.Embed(t.Context(), backends.Document, texts)
	require.Equal(t, 1, s.Struck())
	require.ErrorIs(t, err, want.is)
	switch {
	case want.is != nil:
		require.Empty(t, got.Vectors)
		tellsNothing(t, err)
		require.Zero(t, backends.RetryAfter(err))
	case want.unsound:
		require.Len(t, got.Vectors, len(texts))
		require.NoError(t, backends.CheckVector(got.Vectors[0], e.Model()))
		require.ErrorIs(t, backends.CheckVector(got.Vectors[len(texts)-1], e.Model()), backends.ErrInvalidVector)
	case kind != providertest.OtherModel:
		require.Equal(t, sound.Vectors, got.Vectors, "in the texts' order")
	}

	again, err := e.Embed(t.Context(), backends.Document, texts)
	if want.stale && err != nil {
		require.ErrorIs(t, err, backends.ErrUnavailable)
		again, err = e.Embed(t.Context(), backends.Document, texts)
	}
	require.NoError(t, err, "the next request works")
	require.Equal(t, sound, again)
}

// tellsNothing fails when an error holds what it must not.
func tellsNothing(t *testing.T, err error) {
	t.Helper()
	for _, said := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
		require.NotContains(t, said, "canary")
		require.NotContains(t, said, "lemon")
		require.NotContains(t, said, key)
		require.NotContains(t, said, "sk-key")
	}
}

func TestRefusedWithAWait(t *testing.T) {
	t.Parallel()
	for _, dialect := range []providertest.Dialect{providertest.OpenAI, providertest.VLLM, providertest.LlamaServer} {
		for name, c := range map[string]struct {
			fault providertest.Fault
			is    []error
			after time.Duration
		}{
			"seconds":              {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "7"}, []error{backends.ErrThrottled}, 7 * time.Second},
			"milliseconds":         {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "7", RetryAfterMS: "1500"}, []error{backends.ErrThrottled}, 1500 * time.Millisecond},
			"years":                {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "999999999999"}, []error{backends.ErrThrottled}, 10 * time.Minute},
			"negative":             {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "-5"}, []error{backends.ErrThrottled}, 0},
			"words":                {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "soon"}, []error{backends.ErrThrottled}, 0},
			"unavailable":          {providertest.Fault{Kind: providertest.Unavailable, RetryAfter: "7"}, []error{backends.ErrUnavailable, backends.ErrThrottled}, 7 * time.Second},
			"no wait for a quota":  {providertest.Fault{Kind: providertest.QuotaExhausted, RetryAfter: "7"}, []error{backends.ErrQuotaExhausted}, 0},
			"a date that has been": {providertest.Fault{Kind: providertest.RateLimited, RetryAfter: providertest.RetryDate(time.Unix(0, 0))}, []error{backends.ErrThrottled}, 0},
		} {
			t.Run(dialect.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, providertest.Options{Dialect: dialect})
				s.Add(c.fault)
				_, err := dial(t, s, model(64)).Embed(t.Context(), backends.Document, texts)
				for _, sentinel := range c.is {
					require.ErrorIs(t, err, sentinel)
				}
				require.Equal(t, c.after, backends.RetryAfter(err))
				tellsNothing(t, err)
			})
		}
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{})
	e := dial(t, s, model(64))
	require.NoError(t, s.Close())
	_, err := e.Embed(t.Context(), backends.Document, texts)
	require.ErrorIs(t, err, backends.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
	tellsNothing(t, err)
}

// Who gives up is told so, and not that the server failed.
func TestCancelledWhileTheServerHangs(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{})
	s.Add(providertest.Fault{Kind: providertest.Hang})
	e := dial(t, s, model(64))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := e.Embed(ctx, backends.Document, texts)
		done <- err
	}()
	require.Eventually(t, func() bool { return s.Struck() == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, backends.ErrUnavailable)

	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = e.Embed(ctx, backends.Document, texts)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, backends.ErrUnavailable, "the caller's deadline is the caller's")
}

// A request id is what a provider's support asks for.
func TestErrorsNameTheRequest(t *testing.T) {
	t.Parallel()
	for _, dialect := range []providertest.Dialect{providertest.OpenAI, providertest.Azure} {
		s := serve(t, providertest.Options{Dialect: dialect})
		s.Add(providertest.Fault{Kind: providertest.InternalError})
		_, err := dial(t, s, model(64), func(c *openai.Config) {
			if dialect == providertest.Azure {
				azure(c)
			}
		}).Embed(t.Context(), backends.Document, texts)
		require.ErrorContains(t, err, "request id "+s.Requests()[0].ID, dialect.String())
		require.ErrorContains(t, err, http.StatusText(http.StatusInternalServerError))
	}
}
