package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli"
	"github.com/reembed/reembed/workflows"
)

const (
	namespace = "go-doc"
	oldModel  = "hashing-256"
	newModel  = "hashing-1024"
	question  = "How do I stop a timer before it fires?" // the first of the golden queries
)

// Exit codes of Run.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Run plays the demo with the program's arguments and environment, and returns
// the exit code: 0, 1 when something failed, 2 for wrong arguments. It ends when
// the context does, and leaves no process behind.
func Run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	d := &demo{env: env, out: stdout, errs: stderr}
	flags := flag.NewFlagSet("reembed-demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&d.once, "once", false, "end when the job is done, instead of staying up")
	flags.StringVar(&d.dir, "dir", filepath.Join(".reembed", "demo"), "folder of the demo's files; emptied first")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		if err == nil {
			fmt.Fprintf(stderr, "Error: unexpected argument %q\n", flags.Arg(0))
		}
		return exitUsage
	}
	err := d.play(ctx)
	if ctx.Err() != nil { // Ctrl-C is how the demo is left
		err = nil
	}
	if err = errors.Join(err, d.crew.dismiss()); err != nil {
		fmt.Fprintln(stderr, "Error:", err)
		return exitFailed
	}
	return exitOK
}

type demo struct {
	env       []string
	out, errs io.Writer
	once      bool
	dir       string

	home   home
	crew   crew
	client *starter.Client
	job    starter.Handle
	lost   losses
	final  workflows.Status
}

// play is the demo, step by step.
func (d *demo) play(ctx context.Context) error {
	steps := []func(context.Context) error{
		d.bringUp, d.importCorpus, d.searchBefore, d.reembed, d.searchAfter, d.report,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if d.once {
		return nil
	}
	return d.stay(ctx)
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// title begins a step.
func (d *demo) title(format string, args ...any) { d.say("\n== "+format, args...) }

// run calls the CLI in this process, as a user would from the shell, and shows how.
func (d *demo) run(ctx context.Context, args ...string) error {
	shown := "$ reembed"
	for _, a := range args {
		shown += " " + quoted(a)
	}
	d.say("%s", shown)
	if code := cli.Run(ctx, args, d.crew.env, nil, d.out, d.errs); code != 0 {
		return fmt.Errorf("reembed %s ended with exit code %d", args[0], code)
	}
	return nil
}
