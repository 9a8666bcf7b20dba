package providertest

import (
	"sync"
	"time"
)

// bucket is a token bucket that holds a minute's worth and is filled all the
// time, as OpenAI's rate limit guide describes its limits.
type bucket struct {
	unit      string // requests or tokens
	perMinute int
	mu        sync.Mutex
	level     float64
	at        time.Time // when level was right
}

// newBucket is a full one; nil, which lets everything through, for no limit.
func newBucket(unit string, perMinute int) *bucket {
	if perMinute == 0 {
		return nil
	}
	return &bucket{unit: unit, perMinute: perMinute, level: float64(perMinute), at: time.Now()}
}

// rate is what a bucket looked like when it was asked.
type rate struct {
	unit               string
	limit, used, asked int
	remaining          int
	wait               time.Duration // until what was asked would be there
	reset              time.Duration // until it is full again
}

// take takes n out, or tells how long to wait for them. More than a minute's
// worth is never there. Who is refused pays `fine`, as far as there is
// something: "unsuccessful requests contribute to your per-minute limit".
func (b *bucket) take(n, fine int) (rate, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	perSecond := float64(b.perMinute) / 60
	b.level = min(float64(b.perMinute), b.level+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	r := rate{unit: b.unit, limit: b.perMinute, used: b.perMinute - int(b.level), asked: n}
	ok := b.level >= float64(n)
	if ok {
		b.level -= float64(n)
	} else {
		b.level = max(0, b.level-float64(fine))
		r.wait = seconds((float64(n) - b.level) / perSecond)
	}
	r.remaining = int(b.level)
	r.reset = seconds((float64(b.perMinute) - b.level) / perSecond)
	return r, ok
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
