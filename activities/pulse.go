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
}

// beat starts the heartbeat of the activity; stop ends it.
func beat(ctx context.Context, details ...any) (p *pulse, stop func()) {
	every := 3 * time.Second
	if t := activity.GetInfo(ctx).HeartbeatTimeout; t > 0 {
		every = max(t/4, 50*time.Millisecond)
	}
	p = &pulse{ctx: ctx, details: details}
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
	activity.RecordHeartbeat(p.ctx, p.details...)
}
