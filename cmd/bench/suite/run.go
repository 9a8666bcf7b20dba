package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/reembed/reembed/cmd/bench/bareloop"
	"github.com/reembed/reembed/cmd/bench/report"
	"github.com/reembed/reembed/cmd/bench/rig"
	"github.com/reembed/reembed/starter/environ"
)

// The exit codes.
const (
	exitDone   = 0
	exitMissed = 1 // a bound was missed, with --check
	exitUsage  = 2
	exitFailed = 3
)

// Run runs the program and returns its exit code.
func Run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	if len(args) == 2 && args[0] == rig.BareLoop {
		return code(stderr, bareloop.Main(ctx, args[1], environ.List(env).LookupEnv, stdout), exitFailed)
	}
	if len(args) == 2 && args[0] == rig.PlayProvider {
		return code(stderr, rig.Play(ctx, args[1], stdout), exitFailed)
	}
	o, err := parse(args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		return code(stderr, err, exitUsage)
	}
	doc, err := o.run(ctx, env, stderr)
	if err != nil {
		return code(stderr, err, exitFailed)
	}
	text := doc.Markdown()
	fmt.Fprint(stdout, text)
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			return code(stderr, err, exitFailed)
		}
	}
	missed := doc.Missed()
	for _, c := range missed {
		fmt.Fprintf(stderr, "%s: %s\n", c.What, c.Verdict())
	}
	if o.check && len(missed) > 0 {
		return exitMissed
	}
	return exitDone
}

func code(stderr io.Writer, err error, failed int) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(stderr, "bench: %v\n", err)
	return failed
}

// run measures all that is asked for.
func (o options) run(ctx context.Context, env []string, progress io.Writer) (doc report.Document, err error) {
	begun := time.Now()
	logf := func(format string, args ...any) {
		fmt.Fprintf(progress, "%6.1fs  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	dir, err := o.folder()
	if err != nil {
		return doc, err
	}
	if !o.keep {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	r, err := rig.New(ctx, rig.Settings{
		Dir: dir, Worker: o.worker, BatchSize: o.batch, Slots: o.slots, Concurrency: o.atOnce, Environ: env, Logf: logf,
	})
	if err != nil {
		return doc, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	b := &bench{options: o, rig: r, logf: logf}
	if doc, err = b.document(ctx); err != nil {
		return doc, err
	}
	return doc, b.measure(ctx, &doc)
}

// folder makes the folder of this run, and the one that it is in.
func (o options) folder() (string, error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return "", fmt.Errorf("folder of the benchmark: %w", err)
	}
	parent, err := filepath.Abs(o.dir)
	if err != nil {
		return "", fmt.Errorf("folder of the benchmark: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "bench-")
	if err != nil {
		return "", fmt.Errorf("folder of the benchmark: %w", err)
	}
	return dir, nil
}
