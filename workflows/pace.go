package workflows

import (
	"fmt"
	"time"
)

// pace notes whether catch-up keeps up with the application, once the passes were
// enough to tell: found is what the pass before this one found, and between the
// time from its start to this one's. What a pass finds came in that time.
func (r *run) pace(now time.Time, found int64, between time.Duration) {
	p := &r.Status.Progress
	if r.caughtUp() {
		r.CatchUps, p.NonConverging = 0, nil
		return
	}
	falls := found < 0 || r.Dirty < found*3/4
	if p.NonConverging == nil && (r.CatchUps < slowCatchUps || falls && r.CatchUps < maxCatchUps) {
		return
	}
	lag := Lag{
		Since: now, Changes: r.Dirty, Bound: r.bound(),
		Arriving: perSecond(r.Dirty, between), Synced: perSecond(r.Dirty, r.PassTook),
	}
	if p.NonConverging != nil {
		lag.Since = p.NonConverging.Since
	}
	p.NonConverging = &lag
}

// perSecond is a rate; 0 where it took no time that can be told.
func perSecond(n int64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// String says it for people.
func (l *Lag) String() string {
	return fmt.Sprintf("%s changes/s arrive, %s/s are synced; the last pass found %d, the bound is %d",
		rate(l.Arriving), rate(l.Synced), l.Changes, l.Bound)
}

func rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return fmt.Sprintf("%.0f", perSecond)
}
