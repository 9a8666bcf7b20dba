package openai

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

func throttled(after time.Duration) error {
	return &backends.ThrottledError{After: after, Err: fmt.Errorf("no")}
}

// waited is how long a request of some tokens waits for its turn.
func waited(t *testing.T, p *pace, tokens int) time.Duration {
	t.Helper()
	began := time.Now()
	require.NoError(t, p.wait(t.Context(), tokens))
	return time.Since(began)
}

func TestPaceWithoutLimitsWaitsForNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{})
		for range 1000 {
			require.Zero(t, waited(t, p, 1_000_000))
		}
	})
}

// All requests of a client share its limits, whoever sends them.
func TestPaceKeepsTheLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits   Limits
		requests int
		tokens   int // of each
		atLeast  time.Duration
		atMost   time.Duration
	}{
		"requests":                            {Limits{RPM: 600}, 100, 1, 8900 * time.Millisecond, 9 * time.Second},
		"few requests":                        {Limits{RPM: 30}, 4, 1, 6 * time.Second, 6 * time.Second},
		"tokens":                              {Limits{TPM: 60_000}, 100, 100, 8900 * time.Millisecond, 9 * time.Second},
		"requests of more than a second each": {Limits{TPM: 60_000}, 4, 3000, 8 * time.Second, 9 * time.Second},
		"the tighter one":                     {Limits{RPM: 6000, TPM: 60_000}, 100, 100, 8900 * time.Millisecond, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPace(c.limits)
				began := time.Now()
				var sent sync.WaitGroup
				for range c.requests {
					sent.Go(func() { require.NoError(t, p.wait(t.Context(), c.tokens)) })
				}
				sent.Wait()
				require.GreaterOrEqual(t, time.Since(began), c.atLeast)
				require.LessOrEqual(t, time.Since(began), c.atMost)
			})
		})
	}
}

// An idle client sends at once, however large its first request is.
func TestPaceOfAnIdleClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{RPM: 60, TPM: 60_000})
		require.Zero(t, waited(t, p, 5000))
		require.Equal(t, 5*time.Second, waited(t, p, 1000).Round(time.Second))
		time.Sleep(time.Minute)
		require.Zero(t, waited(t, p, 5000))
	})
}

// What would wait for long is told how long, sends nothing, and leaves its place
// in the line to others.
func TestPaceReturnsLongWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{TPM: 60_000})
		require.Zero(t, waited(t, p, 60_000))
		for range 3 {
			began := time.Now()
			err := p.wait(t.Context(), 1000)
			require.ErrorIs(t, err, backends.ErrThrottled)
			require.InDelta(t, 60, backends.RetryAfter(err).Seconds(), 1)
			require.Zero(t, time.Since(began))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(45 * time.Second)
		err := p.wait(ctx, 1000)
		require.ErrorIs(t, err, context.DeadlineExceeded, "the deadline has passed")

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.wait(ctx, 1000)
		require.ErrorIs(t, err, backends.ErrThrottled, "no turn before the deadline")
		require.InDelta(t, 15, backends.RetryAfter(err).Seconds(), 1)
	})
}

func TestPaceIsLeftByWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{RPM: 6})
		require.Zero(t, waited(t, p, 1))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, p.wait(ctx, 1), context.Canceled)
		require.Equal(t, 9*time.Second, waited(t, p, 1).Round(time.Millisecond), "the place of who left is free again")
	})
}

// Of many that come at once most are sent away. None of them keeps its place: a
// later one would wait for turns that nobody takes.
func TestPaceKeepsNoPlaceForWhoIsSentAway(t *testing.T) {
	t.Parallel()
	for range 20 { // it is a race
		synctest.Test(t, func(t *testing.T) {
			p := newPace(Limits{RPM: 60})
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			var sentAway atomic.Int64
			for range 500 {
				all.Go(func() {
					if errors.Is(p.wait(ctx, 1), backends.ErrThrottled) {
						sentAway.Add(1)
					}
				})
			}
			synctest.Wait()
			require.EqualValues(t, 500-21, sentAway.Load(), "one goes at once, and one in each second of MaxWait")
			require.InDelta(t, -20, p.requests.TokensAt(time.Now()), 1e-6)
			cancel()
			all.Wait()
		})
	}
}

// Nor does one that a hold sends away, however often it comes again: its many
// parts can't be given back exactly once the limits are lowered.
func TestPaceTakesNoTokensWhileItIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{RPM: 60, TPM: 60_000})
		p.refused(time.Now(), throttled(time.Minute))
		for range 100 {
			require.ErrorIs(t, p.wait(t.Context(), 5000), backends.ErrThrottled)
		}
		require.InDelta(t, 1, p.requests.TokensAt(time.Now()), 1e-6)
		require.InDelta(t, 1000, p.tokens.TokensAt(time.Now()), 1e-6)
	})
}

// Waits that a server asks for while one is sat out are no reason to wait on and on.
func TestPaceWaitsNoLongerInAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{})
		p.refused(time.Now(), throttled(MaxWait))
		time.AfterFunc(MaxWait-time.Second, func() { p.refused(time.Now(), throttled(10*time.Second)) })
		began := time.Now()
		err := p.wait(t.Context(), 1)
		require.ErrorIs(t, err, backends.ErrThrottled)
		require.Equal(t, 9*time.Second, backends.RetryAfter(err))
		require.Equal(t, MaxWait, time.Since(began))
	})
}

func TestPaceHoldsAsLongAsTheServerAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{})
		p.refused(time.Now(), throttled(7*time.Second))
		p.refused(time.Now(), throttled(3*time.Second))
		require.Equal(t, 7*time.Second, waited(t, p, 1), "the longest one counts")

		p.refused(time.Now(), throttled(5*time.Minute))
		err := p.wait(t.Context(), 1)
		require.ErrorIs(t, err, backends.ErrThrottled)
		require.Equal(t, 5*time.Minute, backends.RetryAfter(err))
		time.Sleep(5 * time.Minute)
		require.Zero(t, waited(t, p, 1))

		p.refused(time.Now(), backends.ErrUnavailable)
		p.refused(time.Now(), backends.ErrQuotaExhausted)
		require.Zero(t, waited(t, p, 1), "only who throttles is left alone")
	})
}

// What gathers while the server is left alone does not go all at once behind that.
func TestPaceKeepsTheLimitsBehindAHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{RPM: 60})
		p.refused(time.Now(), &backends.ThrottledError{After: 5 * time.Second, Err: backends.ErrUnavailable})
		began := time.Now()
		sent := make(chan time.Duration, 10)
		var all sync.WaitGroup
		for range cap(sent) {
			all.Go(func() {
				require.NoError(t, p.wait(t.Context(), 1))
				sent <- time.Since(began)
			})
		}
		all.Wait()
		for i := range cap(sent) {
			require.Equal(t, time.Duration(5+i)*time.Second, (<-sent).Round(time.Millisecond))
		}
	})
}

// A server that throttles and names no wait is asked less and less often.
func TestPaceDoublesTheWaitOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{})
		for _, want := range []time.Duration{firstHold, 2 * firstHold, 4 * firstHold} {
			for range 8 { // those that were on their way together count once
				p.refused(time.Now(), throttled(0))
			}
			require.Equal(t, want, waited(t, p, 1))
		}
		for range 20 {
			p.refused(time.Now(), throttled(0))
			time.Sleep(mostHold)
		}
		require.Equal(t, mostHold, p.blind)
		p.answered(1, 1)
		p.refused(time.Now(), throttled(0))
		require.Equal(t, firstHold, waited(t, p, 1), "an answer begins anew")
	})
}

func TestPaceLowersTheLimitsAndRaisesThemAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{RPM: 600, TPM: 60_000})
		sent := time.Now()
		time.Sleep(time.Second)
		for range 8 {
			p.refused(sent, throttled(time.Millisecond))
		}
		require.InDelta(t, 0.7, p.share, 1e-9, "those that were on their way together count once")
		require.InDelta(t, 7, float64(p.requests.Limit()), 1e-6)
		require.InDelta(t, 700, float64(p.tokens.Limit()), 1e-6)
		for range 100 {
			time.Sleep(time.Second)
			p.refused(time.Now(), throttled(time.Millisecond))
		}
		require.InDelta(t, minShare, p.share, 1e-9, "never to nothing")
		for range 60 {
			p.answered(1, 1)
			p.answered(1, 1)
			time.Sleep(risesAfter)
		}
		require.InDelta(t, 1, p.share, 1e-9)
		require.InDelta(t, 10, float64(p.requests.Limit()), 1e-6)
	})
}

// The estimate of tokens is cautious: what the server counts is what a limit means.
func TestPaceLearnsWhatATokenIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(Limits{TPM: 60_000})
		for range 100 {
			p.answered(1000, 750)
		}
		require.InDelta(t, 0.75, p.measure, 0.01)
		for range 100 {
			p.answered(1000, 0) // says nothing
			p.answered(1000, -5)
		}
		require.InDelta(t, 0.75, p.measure, 0.01)
		for range 100 {
			p.answered(1, 1<<39)
		}
		require.InDelta(t, 4, p.measure, 0.01, "an absurd count stops nothing")
	})
}
