package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/interceptor"

	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
)

// The exit codes of reembed-worker.
const (
	ExitStopped     = 0   // stopped by a signal, or by --help or --version
	ExitBroken      = 1   // Temporal ended the worker, or the HTTP server broke
	ExitUnusable    = 2   // the flags, the environment or the catalog can't be used
	ExitTaken       = 3   // the HTTP address or the log file can't be opened
	ExitInterrupted = 130 // a second signal cut the graceful stop short
)

// Program is reembed-worker, open for what others add to it; the zero value is
// the program of this repository.
type Program struct {
	Version string          // what --version prints
	Drivers catalog.Drivers // that a catalog may name; builtin.Drivers where it has none
	// Interceptors see every workflow task and activity of this worker.
	Interceptors []interceptor.WorkerInterceptor
}

// Run runs the program of this repository; see Program.Run.
func Run(ctx context.Context, version string, args, environ []string, stdout, stderr io.Writer) int {
	return Program{Version: version}.Run(ctx, args, environ, stdout, stderr)
}

// Run runs the program and returns its exit code. It ends when the context
// does, as after a first SIGTERM or SIGINT. environ is like os.Environ.
func (p Program) Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if p.Drivers.Stores == nil && p.Drivers.Embedders == nil {
		p.Drivers = builtin.Drivers()
	}
	env := environment(environ)
	asked, err := parse(args, env, stdout)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return ExitStopped
	case err != nil:
		return complain(stderr, ExitUnusable, err)
	case asked.version:
		fmt.Fprintln(stdout, "reembed-worker", p.Version)
		return ExitStopped
	}
	secrets := newSecrets(env)
	log, closeLog, err := newLogger(asked.config.Log, stderr, secrets)
	if err != nil {
		return complain(stderr, ExitTaken, err)
	}
	code := p.begin(ctx, asked.config, env, secrets, log)
	if err := closeLog(); err != nil {
		return complain(stderr, ExitBroken, fmt.Errorf("close log file: %w", err))
	}
	return code
}

func complain(stderr io.Writer, code int, err error) int {
	fmt.Fprintf(stderr, "reembed-worker: %v\n", err)
	return code
}

// begin reads what the configuration names, and runs the worker until it is
// told to stop.
func (p Program) begin(ctx context.Context, c Config, env environment, s *secrets, log *slog.Logger) int {
	temporal, err := temporalOptions(env)
	if err != nil {
		log.Error("the configuration of Temporal can't be used", "error", err)
		return ExitUnusable
	}
	cat, err := catalog.Load(c.Catalog, s.lookup, p.Drivers)
	if err != nil {
		log.Error("the catalog can't be used", "file", c.Catalog, "error", err)
		return ExitUnusable
	}
	addresses, err := c.listen()
	if err != nil {
		log.Error("can't listen", "error", err)
		return ExitTaken
	}
	work := newProcess(p.Version, c, cat, temporal, s, log)
	work.interceptors = p.Interceptors
	return untilSignals(ctx, log, func(ctx context.Context) int { return work.run(ctx, addresses) })
}

// untilSignals runs work, ends its context at the first signal, and does not
// wait for it after a second.
func untilSignals(ctx context.Context, log *slog.Logger, work func(context.Context) int) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- work(ctx) }()
	for first := true; ; first = false {
		select {
		case code := <-done:
			return code
		case sig := <-signals:
			if !first {
				log.Error("a second signal: ending at once", "signal", sig.String())
				return ExitInterrupted
			}
			log.Info("a signal: stopping", "signal", sig.String(), "at_most", StopTimeout)
			cancel()
		}
	}
}
