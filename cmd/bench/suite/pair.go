package suite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/reembed/reembed/cmd/bench/bareloop"
	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
)

// pair is one repetition: a bare loop and a job.
type pair struct {
	bare bareloop.Result
	job  rig.Job
}

func (p pair) bareSeconds() float64  { return p.bare.Took.Seconds() }
func (p pair) copySeconds() float64  { return p.job.Copy.Seconds() }
func (p pair) wholeSeconds() float64 { return p.job.Whole.Seconds() }
func (p pair) copyRatio() float64    { return p.bareSeconds() / p.copySeconds() }
func (p pair) wholeRatio() float64   { return p.bareSeconds() / p.wholeSeconds() }
func (p pair) peakMB() float64       { return float64(p.job.PeakRSS) / (1 << 20) }
func (p pair) barePeakMB() float64   { return float64(p.bare.PeakRSS) / (1 << 20) }

// perMillion is processor time of the process, in seconds for 1M items.
func (p pair) cpuPerMillion() float64 { return p.job.CPU.Seconds() * 1e6 / float64(p.bare.Items) }

func (p pair) bareCPUPerMillion() float64 {
	return p.bare.CPU.Seconds() * 1e6 / float64(p.bare.Items)
}

func (p pair) serverCPUPerMillion() float64 {
	return p.job.Server.Seconds() * 1e6 / float64(p.bare.Items)
}

func (p pair) eventsPerMillion() float64 { return float64(p.job.Events) * 1e6 / float64(p.bare.Items) }

// pairs runs loop and job in turn.
func (b *bench) pairs(ctx context.Context, what string, items int, e rig.Embedder, repetitions int) ([]pair, error) {
	var all []pair
	for n := range repetitions {
		p, err := b.pair(ctx, items, e)
		if err != nil {
			return nil, err
		}
		b.logf("%s, %d of %d: loop %.2f s, copy %.2f s (%.2fx), job %.2f s (%.2fx); CPU: worker %.2f s, Temporal %.2f s, loop %.2f s",
			what, n+1, repetitions, p.bareSeconds(), p.copySeconds(), p.copyRatio(),
			p.wholeSeconds(), p.wholeRatio(), p.job.CPU.Seconds(), p.job.Server.Seconds(), p.bare.CPU.Seconds())
		b.logf("  %s", phases([]pair{p}))
		all = append(all, p)
	}
	return all, nil
}

func (b *bench) pair(ctx context.Context, items int, e rig.Embedder) (p pair, err error) {
	bare, err := b.in(ctx, items, e, func(place *rig.Place) (err error) {
		p.bare, err = place.Bare(ctx)
		return err
	})
	if err != nil {
		return p, err
	}
	job, err := b.in(ctx, items, e, func(place *rig.Place) (err error) {
		p.job, err = place.Reembed(ctx)
		return err
	})
	if err == nil && job != bare {
		err = errors.New("loop and job have not written the same: ids, stamps or vectors differ")
	}
	return p, err
}

// in runs one of the two in a place of its own, and returns the digest of what
// it wrote.
func (b *bench) in(ctx context.Context, items int, e rig.Embedder, run func(*rig.Place) error) (digest string, err error) {
	place, err := b.rig.Place(ctx, items, e)
	if err != nil {
		return "", err
	}
	if !b.keep {
		defer func() { err = errors.Join(err, place.Remove()) }()
	}
	if err := run(place); err != nil {
		return "", err
	}
	return place.Digest(ctx)
}

// phases says where the time of a job went, phase by phase.
func phases(pairs []pair) string {
	var parts []string
	for i, ph := range pairs[0].job.Phases {
		took := report.Of(pairs, func(p pair) float64 {
			if i < len(p.job.Phases) && p.job.Phases[i].Name == ph.Name {
				return p.job.Phases[i].Took.Seconds()
			}
			return math.NaN()
		})
		parts = append(parts, fmt.Sprintf("%s %.2f", ph.Name, took.Median()))
	}
	return "Seconds of the job's phases, medians: " + strings.Join(parts, ", ") + "."
}

// row is a line of the table of speeds.
func row(what string, pairs []pair) []string {
	return []string{
		what,
		report.Of(pairs, pair.bareSeconds).Show("%.2f"),
		report.Of(pairs, pair.copySeconds).Show("%.2f"),
		report.Of(pairs, pair.copyRatio).Show("%.2f"),
		report.Of(pairs, pair.wholeSeconds).Show("%.2f"),
		report.Of(pairs, pair.wholeRatio).Show("%.2f"),
		fmt.Sprint(len(pairs)),
	}
}

var speeds = []string{"", "loop, s", "copy, s", "copy: speed of the loop's", "job, s", "job: speed of the loop's", "repetitions"}
