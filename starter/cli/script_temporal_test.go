package cli_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
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

// await watches a job until its "STATE phase" matches: await JOB REGEXP
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await JOB REGEXP")
	}
	wanted, err := regexp.Compile("^(" + args[1] + ")$")
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := starter.Dial(ctx, starter.Options{Address: ts.Getenv("TEMPORAL_ADDRESS"), Namespace: ts.Getenv("TEMPORAL_NAMESPACE")})
	ts.Check(err)
	defer c.Close()
	found, last := false, ""
	_, err = c.Watch(ctx, starter.Handle{ID: args[0]}, 50*time.Millisecond, func(s workflows.Status) {
		last = fmt.Sprintf("%s %s", s.State, s.Phase)
		if wanted.MatchString(last) {
			found = true
			cancel()
		}
	})
	if !found {
		ts.Fatalf("waited for %s of job %s, which came to %q: %v", args[1], args[0], last, err)
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
