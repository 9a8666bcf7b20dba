package progress

import (
	"time"

	"github.com/reembed/reembed/workflows"
)

// paceWindow is the time over which the rate is measured.
const paceWindow = 10 * time.Second

// pace measures how fast a pass goes by what is shown: the job itself counts
// only closed ranges, which come seldom in a short job.
type pace struct {
	phase   workflows.Phase
	pass    int
	samples []sample // of this phase and pass, the oldest first
}

type sample struct {
	at   time.Time
	done int64
}

// view takes a sample and works out what is to be shown.
func (p *pace) view(s workflows.Status, now time.Time, elapsed time.Duration) view {
	v := view{
		phase: s.Phase, pass: s.Progress.Pass, done: s.Progress.ItemsDone, total: s.Progress.ItemsTotal,
		measured: measured(s.Phase) && s.Progress.ItemsTotal > 0,
		rate:     s.Progress.ItemsPerSecond, eta: -1,
		elapsed: elapsed, reason: s.Reason, trouble: s.LastError,
	}
	if lag := s.Progress.NonConverging; lag != nil {
		v.lag = "non-converging: " + lag.String()
	}
	if !v.measured {
		v.done = 0
		return v
	}
	if p.phase != s.Phase || p.pass != s.Progress.Pass {
		p.phase, p.pass, p.samples = s.Phase, s.Progress.Pass, nil
	}
	// A range that closed between two calls is missing from one snapshot: that
	// is no way back.
	if n := len(p.samples); n > 0 {
		v.done = max(v.done, p.samples[n-1].done)
	}
	p.samples = append(p.samples, sample{at: now, done: v.done})
	for len(p.samples) > 2 && now.Sub(p.samples[1].at) >= paceWindow {
		p.samples = p.samples[1:]
	}
	oldest := p.samples[0]
	if span := now.Sub(oldest.at); span >= time.Second {
		v.rate = float64(v.done-oldest.done) / span.Seconds()
	}
	switch {
	case v.rate > 0:
		v.eta = time.Duration(float64(max(0, v.total-v.done)) / v.rate * float64(time.Second))
	case s.Progress.ETASeconds >= 0 && len(p.samples) < 2:
		v.eta = time.Duration(s.Progress.ETASeconds) * time.Second
	}
	return v
}

// measured are the phases that go over the items.
func measured(p workflows.Phase) bool {
	return p == workflows.Copying || p == workflows.CatchingUp || p == workflows.Verifying
}
