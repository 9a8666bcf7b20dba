package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// pulse keeps an activity's heartbeat alive while it works, always with its
// latest progress: a heartbeat without details would erase what the last one
// carried.
type pulse struct {
	ctx     context.Context
	mu      sync.Mutex // details go out in the order in which they are set
	details []any

	patience time.Duration // between two heartbeats, until the server gives up; 0: for ever
	sent     time.Time     // the last one
	silence  time.Duration // the first that was too long
}

// beat starts the heartbeat of the activity; stop ends it.
func beat(ctx context.Context, details ...any) (p *pulse, stop func()) {
	every, timeout := 3*time.Second, activity.GetInfo(ctx).HeartbeatTimeout
	if timeout > 0 {
		every = max(timeout/4, 50*time.Millisecond)
	}
	// The SDK may hold a heartbeat back for two seconds.
	p = &pulse{ctx: ctx, details: details, patience: timeout * 3 / 4, sent: time.Now()}
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				p.send()
			case <-ended:
				return
			}
		}
	})
	return p, func() {
		close(ended)
		group.Wait()
	}
}

// set replaces the details and sends them; the SDK sends no more often than it should.
func (p *pulse) set(details any) {
	p.mu.Lock()
	p.details = []any{details}
	p.mu.Unlock()
	p.send()
}

func (p *pulse) send() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	activity.RecordHeartbeat(p.ctx, p.details...)
	p.sent = time.Now()
}

// overslept returns how long no heartbeat was sent, when that was so long that
// the server has given up on this attempt, or is about to: the process stood
// still, as it does in a debugger or with its machine. Otherwise 0. That the
// server can't be reached is the SDK's to notice: it ends the context then.
func (p *pulse) overslept() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	return p.silence
}

// look notices a silence, before a heartbeat would hide it.
func (p *pulse) look() {
	if silence := time.Since(p.sent); p.patience > 0 && silence > p.patience && p.silence == 0 {
		p.silence = silence.Round(time.Second)
	}
}
