package suite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
)

// The bounds of the project's goals.
const (
	leastHashing = 0.90 // of the loop's speed, while copying
	leastLatency = 0.95
	maxGrowth    = 1.05 // exponent
	maxPeakRatio = 1.1
	maxPeakOver  = 150  // MB beyond the byte budget
	maxEvents    = 1000 // for 1M items
)

func (b *bench) copyHashing(ctx context.Context) (report.Section, error) {
	pairs, err := b.pairs(ctx, "hashing", b.items, rig.Hashing(), b.repetitions)
	if err != nil {
		return report.Section{}, err
	}
	b.hashing = pairs
	return report.Section{
		Title:  fmt.Sprintf("%d items, an embedder that takes processor time only", b.items),
		Text:   "The embedder `hashing` runs in the process itself, so that each microsecond that reembed spends shows.",
		Header: speeds,
		Rows:   [][]string{row("hashing", pairs)},
		Notes:  []string{phases(pairs)},
		Checks: []report.Check{{
			What: "copy, hashing", Got: report.Of(pairs, pair.copyRatio).Median(), Bound: leastHashing, Verb: "%.2fx",
		}},
	}, nil
}

func (b *bench) copyLatency(ctx context.Context) (report.Section, error) {
	s := report.Section{
		Title: fmt.Sprintf("%d items, requests that take a while", b.items),
		Text: "The driver `openai` over HTTP, against `backends/embedders/providertest` in a process of its own, which answers " +
			"no sooner than that. It makes its vectors on the same processors.",
		Header: speeds,
	}
	for _, latency := range b.latencies {
		what := latency.String()
		pairs, err := b.served(ctx, latency)
		if err != nil {
			return s, err
		}
		s.Rows = append(s.Rows, row(what, pairs))
		s.Checks = append(s.Checks, report.Check{
			What: "copy, " + what, Got: report.Of(pairs, pair.copyRatio).Median(), Bound: leastLatency, Verb: "%.2fx",
		})
	}
	return s, nil
}

// served measures with a provider that has a latency.
func (b *bench) served(ctx context.Context, latency time.Duration) (pairs []pair, err error) {
	provider, err := b.rig.Provider(latency)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	return b.pairs(ctx, latency.String(), b.items, provider.Embedder(), b.repetitions)
}

// many is the line large.
func (b *bench) many(ctx context.Context) (report.Section, error) {
	pairs, err := b.pairs(ctx, "large", b.large, rig.Hashing(), b.repeatLarge)
	if err != nil {
		return report.Section{}, err
	}
	peak := report.Of(pairs, pair.peakMB)
	events := report.Of(pairs, pair.eventsPerMillion)
	budget := float64(b.rig.MemoryMB())
	s := report.Section{
		Title:  fmt.Sprintf("%d items", b.large),
		Header: append(append([]string{}, speeds...), "worker's peak, MB", "loop's peak, MB", "worker's CPU, s per 1M", "loop's CPU, s per 1M", "Temporal's CPU, s per 1M", "events per 1M"),
		Rows:   [][]string{largeRow("large", pairs)},
		Checks: []report.Check{
			{What: "peak memory beyond REEMBED_MEMORY_MB", Got: peak.Median() - budget, Bound: maxPeakOver, AtMost: true, Verb: "%.0f MB"},
			{What: "history events of the job and its ranges, per 1M items", Got: events.Median(), Bound: maxEvents, AtMost: true, Verb: "%.0f"},
		},
	}
	if len(b.hashing) == 0 {
		return s, nil
	}
	s.Rows = append([][]string{largeRow(fmt.Sprint(b.items), b.hashing)}, s.Rows...)
	s.Rows[1][0] = fmt.Sprint(b.large)
	small := report.Of(b.hashing, pair.copySeconds).Median()
	growth := math.Log(report.Of(pairs, pair.copySeconds).Median()/small) / math.Log(float64(b.large)/float64(b.items))
	s.Checks = append(s.Checks,
		report.Check{
			What: "peak memory, of that with fewer items", Got: peak.Median() / report.Of(b.hashing, pair.peakMB).Median(),
			Bound: maxPeakRatio, AtMost: true, Verb: "%.2fx",
		},
		report.Check{What: "growth exponent of the copy", Got: growth, Bound: maxGrowth, AtMost: true, Verb: "%.2f"})
	return s, nil
}

func largeRow(what string, pairs []pair) []string {
	return append(row(what, pairs),
		report.Of(pairs, pair.peakMB).Show("%.0f"),
		report.Of(pairs, pair.barePeakMB).Show("%.0f"),
		report.Of(pairs, pair.cpuPerMillion).Show("%.1f"),
		report.Of(pairs, pair.bareCPUPerMillion).Show("%.1f"),
		report.Of(pairs, pair.serverCPUPerMillion).Show("%.1f"),
		report.Of(pairs, pair.eventsPerMillion).Show("%.0f"))
}
