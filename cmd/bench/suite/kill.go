package suite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
)

const (
	// killItems are enough for every slot, at killLatency.
	killItems   = 20_000
	killLatency = 200 * time.Millisecond
	// maxBack is the heartbeat timeout of segments, and two seconds.
	maxBack = 14.0
)

func (b *bench) kill(ctx context.Context) (report.Section, error) {
	items := min(killItems, b.items)
	var crashes []rig.Crash
	for n := range b.repetitions {
		c, err := b.crash(ctx, items)
		if err != nil {
			return report.Section{}, err
		}
		b.logf("kill, %d of %d: after %d rows, %d in flight; next row after %.2f s, %d embedded twice",
			n+1, b.repetitions, c.Rows, c.InFlight, c.Back.Seconds(), c.Twice)
		crashes = append(crashes, c)
	}
	back := report.Of(crashes, func(c rig.Crash) float64 { return c.Back.Seconds() })
	over := report.Of(crashes, func(c rig.Crash) float64 { return float64(c.Twice - c.InFlight) })
	return report.Section{
		Title: "A worker is killed",
		Text: fmt.Sprintf("`kill -9` in mid-copy of %d items, requests taking %s, then another worker at once. "+
			"In flight is what the embedder was sent and the store had not committed.", items, killLatency),
		Header: []string{"restart to the next row, s", "in flight at the kill", "embedded twice", "repetitions"},
		Rows: [][]string{{
			back.Show("%.2f"),
			report.Of(crashes, func(c rig.Crash) float64 { return float64(c.InFlight) }).Show("%.0f"),
			report.Of(crashes, func(c rig.Crash) float64 { return float64(c.Twice) }).Show("%.0f"),
			fmt.Sprint(len(crashes)),
		}},
		Checks: []report.Check{
			{What: "restart to the next row (heartbeat timeout and 2 s)", Got: worst(back), Bound: maxBack, AtMost: true, Verb: "%.1f s"},
			{What: "embedded twice beyond what was in flight", Got: worst(over), Bound: 0, AtMost: true, Verb: "%.0f"},
		},
	}, nil
}

func worst(s report.Sample) float64 {
	w := s[0]
	for _, x := range s {
		w = max(w, x)
	}
	return w
}

func (b *bench) crash(ctx context.Context, items int) (c rig.Crash, err error) {
	place, err := b.rig.Place(ctx, items, rig.Hashing("latency: "+killLatency.String(), "tally: ./tally"))
	if err != nil {
		return c, err
	}
	if !b.keep {
		defer func() { err = errors.Join(err, place.Remove()) }()
	}
	return place.Crash(ctx)
}

// start measures how long an idle worker takes to a job's first row.
func (b *bench) start(ctx context.Context) (report.Section, error) {
	const maxStart, startItems = 1.0, 1000
	took, err := b.rig.FirstRows(ctx, startItems, b.repetitions)
	if err != nil {
		return report.Section{}, err
	}
	first := report.Of(took, time.Duration.Seconds)
	b.logf("start: %s s", first.Show("%.2f"))
	return report.Section{
		Title:  "The start of a job",
		Text:   fmt.Sprintf("From the call that starts a job of %d items to its first committed row, on a worker with nothing else to do.", startItems),
		Header: []string{"start to the first row, s", "repetitions"},
		Rows:   [][]string{{first.Show("%.2f"), fmt.Sprint(len(first))}},
		Checks: []report.Check{{What: "start to the first row", Got: first.Median(), Bound: maxStart, AtMost: true, Verb: "%.2f s"}},
	}, nil
}
