package suite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reembed/reembed/cmd/bench/machine"
	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
)

// bench is one run of the benchmark.
type bench struct {
	options
	rig     *rig.Rig
	logf    func(format string, args ...any)
	hashing []pair // of the line hashing, which others are compared with
}

// measure adds a section for each line.
func (b *bench) measure(ctx context.Context, doc *report.Document) error {
	for _, line := range []struct {
		name string
		run  func(context.Context) (report.Section, error)
	}{
		{"hashing", b.copyHashing},
		{"latency", b.copyLatency},
		{"large", b.many},
		{"changed", b.changed},
		{"kill", b.kill},
		{"start", b.start},
	} {
		if !b.wants(line.name) {
			continue
		}
		section, err := line.run(ctx)
		if err != nil {
			return fmt.Errorf("line %s: %w", line.name, err)
		}
		doc.Sections = append(doc.Sections, section)
	}
	load, err := machine.Load()
	if err != nil {
		return err
	}
	doc.Facts = append(doc.Facts, [2]string{"load average at the end", load})
	return nil
}

// document says what is measured, and on what.
func (b *bench) document(ctx context.Context) (report.Document, error) {
	m, err := machine.Look()
	if err != nil {
		return report.Document{}, err
	}
	load, err := machine.Load()
	if err != nil {
		return report.Document{}, err
	}
	version, flags, err := b.rig.Temporal(ctx)
	if err != nil {
		return report.Document{}, err
	}
	return report.Document{
		Title: "Benchmarks",
		Text:  introduction,
		Facts: [][2]string{
			{"date", time.Now().UTC().Format(time.DateOnly)},
			{"processor", fmt.Sprintf("%s, %d cores", m.CPU, m.Cores)},
			{"memory", fmt.Sprintf("%.1f GB", float64(m.Memory)/1e9)},
			{"system", m.OS + ", Linux " + m.Kernel},
			{"Go", m.Go},
			{"Temporal", fmt.Sprintf("%s, `%s`", version, flags)},
			{"worker", "`" + strings.Join(b.rig.WorkerSettings(), " ") + "`, else defaults"},
			{"bare loop", fmt.Sprintf("%d inputs a request, %d requests at once", b.batch, b.rig.InFlight())},
			{"load average at the start", load},
		},
	}, nil
}

const introduction = `
Written by ` + "`make bench`" + `; don't edit. What reembed's safety costs: a job against the *bare loop* (` + "`cmd/bench/bareloop`" + `), the
fastest plain Go program that we could write over the same store. It reads all items with one query, embeds them in requests of
the same size, as many at once, and writes vectors and stamps in large transactions; it keeps no cursor, can't go on after a crash,
verifies nothing and switches nothing.

Both run as processes of their own on the same machine, in turn, each time on a fresh copy of the same SQLite file; Temporal's
dev server shares the processors with the job, and only runs idle beside the loop. Items are texts of about 300 bytes,
vectors have 384 dimensions. Afterwards ids, stamps and vectors of both are compared: they have to be equal. *Copy* is
the job's phase ` + "`copying`" + `, from the event in the job's history that begins it to the one that ends it. *Job* is the whole workflow,
from its start to its end: queue, plan, copy, a second pass for what changed meanwhile, verification of everything, switch. Ratios are of
the two runs of one repetition; shown are the median and, in brackets, the least and the most.
`
