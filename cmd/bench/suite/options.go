package suite

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Lines of the benchmark, in their order.
var lines = []string{"hashing", "latency", "large", "changed", "kill", "start"}

type options struct {
	items, large             int
	repetitions, repeatLarge int
	only                     []string
	latencies                []time.Duration
	out                      string // file of the document; "": standard output alone
	dir                      string
	worker                   string // program; "": built
	check                    bool
	keep                     bool
	batch, slots, atOnce     int
}

// parse reads the flags; pflag.ErrHelp after the help was printed to out.
func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.items, "items", 100_000, "items of each run")
	flags.IntVar(&o.large, "large", 1_000_000, "items of the runs of the lines large and changed")
	flags.IntVar(&o.repetitions, "repetitions", 5, "of each pair of runs")
	flags.IntVar(&o.repeatLarge, "repeat-large", 5, "repetitions of the lines large and changed")
	flags.StringSliceVar(&o.only, "only", nil, "these `lines` alone: "+strings.Join(lines, ", "))
	flags.DurationSliceVar(&o.latencies, "latencies", []time.Duration{5 * time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond},
		"of a request, in the line latency")
	flags.StringVar(&o.out, "out", "", "write the document to this `file` too")
	flags.StringVar(&o.dir, "dir", ".reembed", "make a `folder` for all files in this one; its disk is what is measured")
	flags.StringVar(&o.worker, "worker", "", "measure this `program`, built by somebody; else the one of this repository is built")
	flags.BoolVar(&o.check, "check", false, "exit with 1 when a bound was missed")
	flags.BoolVar(&o.keep, "keep", false, "keep the files")
	flags.IntVar(&o.batch, "batch", 100, "inputs of one request")
	flags.IntVar(&o.slots, "slots", 4, "segments at once in the worker")
	flags.IntVar(&o.atOnce, "concurrency", 4, "requests at once in a segment; the bare loop has slots x concurrency")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprintf(out, "Measures reembed against a bare loop.\n\nUsage:\n  bench [flags]\n\nFlags:\n%s", flags.FlagUsages())
		return o, pflag.ErrHelp
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, errors.Join(err, o.validate())
}

func (o options) validate() error {
	for _, line := range o.only {
		if !slices.Contains(lines, line) {
			return fmt.Errorf("--only %q: want some of %s", line, strings.Join(lines, ", "))
		}
	}
	for _, n := range []int{o.items, o.large, o.repetitions, o.repeatLarge, o.batch, o.slots, o.atOnce} {
		if n < 1 {
			return errors.New("numbers are 1 at least")
		}
	}
	return nil
}

func (o options) wants(line string) bool { return len(o.only) == 0 || slices.Contains(o.only, line) }
