package openai

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/reembed/reembed/backends"
)

// MaxWait is how long Embed waits for its turn. What would take longer is the
// caller's, who has more time: backends.ErrThrottled says how long. It is well
// below the grace that a stopping worker has.
const MaxWait = 20 * time.Second

// pace spreads requests over time, for all requests of a client: by the limits
// that the catalog sets, and by what the server asks for. A server that
// throttles is left alone as long as it says, or for a little while that
// doubles; and where there are limits they are lowered, and rise again by and by
// while it answers.
type pace struct {
	limits   Limits
	requests *rate.Limiter
	tokens   *rate.Limiter

	mu      sync.Mutex
	held    time.Time     // nothing is sent before
	blind   time.Duration // the last wait that was ours to choose
	share   float64       // of the limits that is used, over minShare
	moved   time.Time     // when share changed last
	measure float64       // tokens that the server counts for one estimated
}

const (
	minShare  = 1.0 / 16
	firstHold = 250 * time.Millisecond
	mostHold  = 30 * time.Second
	// risesAfter is how long share stays; a tenth of the limits is added then.
	risesAfter = 5 * time.Second
)

func newPace(l Limits) *pace {
	return &pace{limits: l, requests: limiter(l.RPM), tokens: limiter(l.TPM), share: 1, measure: 1}
}

// limiter lets a second's worth pass at once. Providers count in windows much
// shorter than the minute that they name.
func limiter(perMinute int) *rate.Limiter {
	if perMinute == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(float64(perMinute)/60), max(1, perMinute/60))
}

// wait returns when a request of about so many tokens may be sent. It is
// ErrThrottled when that is later than MaxWait from now or the context's
// deadline, as soon as that is known.
func (p *pace) wait(ctx context.Context, tokens int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	latest := time.Now().Add(MaxWait)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Before(latest) {
		latest = deadline
	}
	for {
		// Who waits for a hold to end takes its turn only then: with turns that passed
		// meanwhile all would go at once.
		if err := until(ctx, p.holds(), latest); err != nil {
			return err
		}
		turn, leave := p.reserve(tokens, latest)
		if err := until(ctx, turn, latest); err != nil {
			leave()
			return err
		}
		if !p.holds().After(time.Now()) {
			return nil
		}
		leave()
	}
}

// until waits for a moment. It is ErrThrottled, without a wait, when that is
// later than latest.
func until(ctx context.Context, at, latest time.Time) error {
	d := time.Until(at)
	switch {
	case d <= 0:
		return nil
	case at.After(latest):
		return &backends.ThrottledError{After: d, Err: errPaced}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("embed: %w", ctx.Err())
	}
}

var errPaced = errors.New("nothing was sent: the embedder's limits, or the wait that its server asked for")

func (p *pace) holds() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// reserve takes a place in the line, unless its turn is later than latest. More
// tokens than a second's worth are paid afterwards, by whoever comes next: an
// idle client does not wait before it sends.
//
// Whether it is too late is looked up before anything is taken: a place can be
// given back only in part once others stand behind it, or when it is paid later.
func (p *pace) reserve(tokens int, latest time.Time) (turn time.Time, leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	tokens = max(1, int(float64(tokens)*p.measure))
	turn = now.Add(max(delay(p.requests, now, 1), delay(p.tokens, now, tokens)))
	if turn.After(latest) {
		return turn, func() {}
	}
	var taken []*rate.Reservation
	take := func(l *rate.Limiter, n int) {
		for n > 0 && l.Limit() != rate.Inf {
			part := min(n, l.Burst())
			taken = append(taken, l.ReserveN(now, part))
			n -= part
		}
	}
	take(p.requests, 1)
	take(p.tokens, tokens)
	return turn, func() {
		for i := len(taken) - 1; i >= 0; i-- {
			taken[i].Cancel()
		}
	}
}

// delay is how long it takes until there are n tokens, or a second's worth of them.
func delay(l *rate.Limiter, now time.Time, n int) time.Duration {
	if l.Limit() == rate.Inf {
		return 0
	}
	missing := float64(min(n, l.Burst())) - l.TokensAt(now)
	return time.Duration(max(0, missing) / float64(l.Limit()) * float64(time.Second))
}

// answered learns from a success.
func (p *pace) answered(estimated int, counted int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind = 0
	if counted > 0 && estimated > 0 {
		const weight = 0.1
		ratio := min(4, max(0.25, float64(counted)/float64(estimated)))
		p.measure += weight * (ratio - p.measure)
	}
	if now := time.Now(); p.share < 1 && now.Sub(p.moved) >= risesAfter {
		p.set(min(1, p.share+0.1), now)
	}
}

// refused learns from an error of a request that was sent at a time. Of the many
// that were on their way together one counts.
func (p *pace) refused(sent time.Time, err error) {
	if !errors.Is(err, backends.ErrThrottled) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	after := backends.RetryAfter(err)
	if after == 0 && !now.Before(p.held) {
		p.blind = min(mostHold, max(firstHold, 2*p.blind))
		after = p.blind
	}
	if until := now.Add(after); until.After(p.held) {
		p.held = until
	}
	if !errors.Is(err, backends.ErrUnavailable) && sent.After(p.moved) {
		p.set(max(minShare, p.share*0.7), now)
	}
}

func (p *pace) set(share float64, now time.Time) {
	p.share, p.moved = share, now
	for l, perMinute := range map[*rate.Limiter]int{p.requests: p.limits.RPM, p.tokens: p.limits.TPM} {
		if perMinute > 0 {
			l.SetLimitAt(now, rate.Limit(float64(perMinute)/60*share))
		}
	}
}
