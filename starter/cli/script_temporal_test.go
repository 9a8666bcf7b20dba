package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
)

// patience bounds what a script waits for: one that reaches it has failed.
const patience = time.Minute

// server starts Temporal's dev server, once for all scripts that ask for it,
// with a Temporal namespace for each: jobs, queues and gates of two scripts
// never meet.
var server = sync.OnceValues(func() (*devserver.Server, error) {
	found, err := filepath.Glob(filepath.Join(filepath.FromSlash(scripts), "*.txtar"))
	if err != nil {
		return nil, err
	}
	var args []string
	for _, script := range found {
		args = append(args, "--namespace", strings.TrimSuffix(filepath.Base(script), ".txtar"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := devserver.Start(ctx, devserver.Options{Args: args})
	if err == nil {
		running = s
	}
	return s, err
})

// running is what server has started; for withServer, after all tests.
var running *devserver.Server

// withServer stops the scripts' server behind the tests.
type withServer struct{ *testing.M }

func (w withServer) Run() int {
	code := w.M.Run()
	if running == nil {
		return code
	}
	if err := running.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the dev server:", err)
		return max(code, 1)
	}
	return code
}

// useTemporal points the script at a Temporal namespace of its own: temporal
func useTemporal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: temporal")
	}
	s, err := server()
	ts.Check(err)
	ts.Setenv("TEMPORAL_ADDRESS", s.Address())
	ts.Setenv("TEMPORAL_NAMESPACE", ts.Name())
	// A worker of the script takes any port.
	ts.Setenv("REEMBED_HTTP_ADDR", "127.0.0.1:0")
}

// dial connects to the script's Temporal namespace, as long as patience lasts.
func dial(ts *testscript.TestScript) (context.Context, *starter.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ts.Defer(cancel)
	c, err := starter.Dial(ctx, starter.Options{Address: ts.Getenv("TEMPORAL_ADDRESS"), Namespace: ts.Getenv("TEMPORAL_NAMESPACE")})
	ts.Check(err)
	ts.Defer(c.Close)
	return ctx, c
}

// await waits until there is a job, and its "STATE phase" matches: await JOB REGEXP
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await JOB REGEXP")
	}
	wanted, err := regexp.Compile("^(" + args[1] + ")$")
	ts.Check(err)
	ctx, c := dial(ts)
	last := "nothing"
	until(ts, ctx, func() bool {
		s, err := c.Status(ctx, starter.Handle{ID: args[0]})
		if err != nil && !errors.Is(err, starter.ErrNotFound) && !errors.Is(err, starter.ErrNoWorker) {
			ts.Fatalf("await job %s: %v", args[0], err)
		}
		last = fmt.Sprintf("%s %s", s.State, s.Phase)
		if s.State.Final() && !wanted.MatchString(last) {
			ts.Fatalf("await job %s: it ended as %s: %s", args[0], last, s.Reason)
		}
		return wanted.MatchString(last)
	}, func() string { return fmt.Sprintf("job %s came to %s, not to %s", args[0], last, args[1]) })
}

// awaitList waits until the list has so many jobs that are over, and so many that
// are not: what it shows is a moment behind. awaitlist OVER [OPEN]
func awaitList(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: awaitlist OVER [OPEN]")
	}
	wanted := args[0] + " over"
	if len(args) == 2 {
		wanted += ", " + args[1] + " open"
	}
	ctx, c := dial(ts)
	var last string
	until(ts, ctx, func() bool {
		over, open := 0, 0
		for s, err := range c.List(ctx, starter.ListFilter{}) {
			if ctx.Err() != nil {
				return false
			}
			ts.Check(err)
			if s.State.Final() {
				over++
			} else {
				open++
			}
		}
		last = strconv.Itoa(over) + " over"
		if len(args) == 2 || open > 0 {
			last += fmt.Sprintf(", %d open", open)
		}
		return last == wanted
	}, func() string { return fmt.Sprintf("the list has %s, not %s", last, wanted) })
}

// awaitQueue waits until so many jobs stand in the gate's queue: one that is
// PENDING may not have come to it yet. awaitqueue WAITING
func awaitQueue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: awaitqueue WAITING")
	}
	ctx, c := dial(ts)
	waiting := 0
	until(ts, ctx, func() bool {
		state, err := c.Gate(ctx)
		if ctx.Err() != nil {
			return false
		}
		ts.Check(err)
		waiting = len(state.Waiting)
		return strconv.Itoa(waiting) == args[0]
	}, func() string { return fmt.Sprintf("%d jobs wait, not %s", waiting, args[0]) })
}

// awaitSoak waits until a namespace's "PHASE: what a rollback would find" matches:
// awaitsoak NAMESPACE REGEXP
func awaitSoak(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitsoak NAMESPACE REGEXP")
	}
	wanted, err := regexp.Compile("^(" + args[1] + ")$")
	ts.Check(err)
	ctx, c := dial(ts)
	last := "nothing"
	until(ts, ctx, func() bool {
		s, err := c.Soak(ctx, args[0])
		if err != nil && !errors.Is(err, starter.ErrNotFound) && !errors.Is(err, starter.ErrNoWorker) {
			ts.Fatalf("await the soak of %s: %v", args[0], err)
		}
		last = fmt.Sprintf("%s: %s", s.Phase, s.Rollback)
		return wanted.MatchString(last)
	}, func() string { return fmt.Sprintf("the soak of %s came to %s, not to %s", args[0], last, args[1]) })
}

// awaitFile waits until a file that a background command writes has something in
// it: awaitfile FILE REGEXP
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitfile FILE REGEXP")
	}
	wanted, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var raw []byte
	until(ts, ctx, func() bool {
		raw, err = os.ReadFile(ts.MkAbs(args[0]))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			ts.Check(err)
		}
		return wanted.Match(raw)
	}, func() string { return fmt.Sprintf("%s does not come to have %s: %s", args[0], args[1], raw) })
}

// until looks every so often whether something holds.
func until(ts *testscript.TestScript, ctx context.Context, holds func() bool, instead func() string) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			ts.Fatalf("%s", instead())
		}
	}
}

// expand puts the values of environment variables into a file: expand FILE
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
