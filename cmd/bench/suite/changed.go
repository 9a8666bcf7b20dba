package suite

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
)

const (
	// changedShare is one item in so many that changes while a job copies.
	changedShare = 1000
	// maxCatchUp is of the copy's time, in per cent.
	maxCatchUp = 2.0
)

// changed measures what catching up costs where the store tells what changed.
func (b *bench) changed(ctx context.Context) (report.Section, error) {
	changes := max(1, b.large/changedShare)
	var pairs []pair
	for n := range b.repeatLarge {
		job, err := b.changing(ctx, changes)
		if err != nil {
			return report.Section{}, err
		}
		p := pair{job: job}
		b.logf("changed, %d of %d: copy %.2f s, catching-up %.2f s (%.1f %%)", n+1, b.repeatLarge, p.copySeconds(), p.catchUpSeconds(), p.catchUpShare())
		b.logf("  %s", phases([]pair{p}))
		pairs = append(pairs, p)
	}
	share := report.Of(pairs, pair.catchUpShare)
	return report.Section{
		Title: fmt.Sprintf("%d items, of which %d change", b.large, changes),
		Text: "The application changes them in one transaction when half is copied, over the whole table; `capture: journal`. " +
			"*Catching-up* is the job's phase of that name: it costs what changed, and not what exists.",
		Header: []string{"copy, s", "catching-up, s", "catching-up: of the copy, %", "job, s", "repetitions"},
		Rows: [][]string{{
			report.Of(pairs, pair.copySeconds).Show("%.2f"),
			report.Of(pairs, pair.catchUpSeconds).Show("%.2f"),
			share.Show("%.1f"),
			report.Of(pairs, pair.wholeSeconds).Show("%.2f"),
			fmt.Sprint(len(pairs)),
		}},
		Notes: []string{phases(pairs)},
		Checks: []report.Check{{
			What: "catching-up, of the copy's time", Got: share.Median(), Bound: maxCatchUp, AtMost: true, Verb: "%.1f %%",
		}},
	}, nil
}

func (b *bench) changing(ctx context.Context, changes int) (job rig.Job, err error) {
	place, err := b.rig.Place(ctx, b.large, rig.Hashing())
	if err != nil {
		return job, err
	}
	if !b.keep {
		defer func() { err = errors.Join(err, place.Remove()) }()
	}
	return place.Changing(ctx, changes)
}

func (p pair) catchUpSeconds() float64 { return p.job.CatchUp.Seconds() }

func (p pair) catchUpShare() float64 { return 100 * p.catchUpSeconds() / p.copySeconds() }
