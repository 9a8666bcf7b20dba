package cli_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/reembed/reembed/starter/cli"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/worker"
)

func TestMain(m *testing.M) {
	testscript.Main(withServer{m}, map[string]func(){
		"reembed": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			context.AfterFunc(ctx, stop)
			os.Exit(cli.Run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
		},
		"reembed-worker": func() {
			os.Exit(worker.Run(context.Background(), "test", os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
		},
	})
}

// standard is the catalog of scripts that bring none.
const standard = `stores:
  local: {driver: sqlite, path: ./reembed.db}
embedders:
  builtin: {driver: hashing, max_inputs: 64}
models:
  hashing-64: {embedder: builtin, dimensions: 64, normalized: true}
  hashing-256: {embedder: builtin, dimensions: 256, normalized: true, price_per_million_tokens: 1000}
namespaces:
  docs: {store: local, table: docs, payload: payload, model: hashing-64}
`

// nobody is where Temporal is not: Temporal's TOML file of scripts that bring none.
const nobody = `[profile.default]
address = "127.0.0.1:1"
`

// bring writes a file that the script itself did not bring.
func bring(file, content string) error {
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o600)
}

const scripts = "testdata/script"

// The scripts in testdata/script each begin with what they guard. They know the
// commands of testscript, and those that Cmds names. A script has a folder of its
// own, with the standard catalog unless it brings a reembed.yaml; only those that
// begin with the command `temporal` reach a server.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.FromSlash(scripts),
		Setup: func(e *testscript.Env) error {
			temporal, err := devserver.Find() // `reembed dev` looks for it on PATH
			if err != nil {
				return err
			}
			e.Setenv("PATH", e.Getenv("PATH")+string(filepath.ListSeparator)+filepath.Dir(temporal))
			e.Setenv("TEMPORAL_CONFIG_FILE", "temporal.toml")
			e.Setenv("REEMBED_SOAK_SECONDS", "0") // a script about soaks says so
			e.Values[providerValue] = &providerHolder{}
			return errors.Join(
				bring(filepath.Join(e.WorkDir, "reembed.yaml"), standard),
				bring(filepath.Join(e.WorkDir, "temporal.toml"), nobody),
			)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits("reembed"),
			"worker":     exits("reembed-worker"),
			"sql":        statement,
			"awaitsoak":  awaitSoak,
			"provider":   provider,
			"jsonhas":    jsonHas,
			"jsonkeys":   jsonKeys,
			"temporal":   useTemporal,
			"await":      await,
			"awaitlist":  awaitList,
			"awaitfile":  awaitFile,
			"awaitqueue": awaitQueue,
			"expand":     expand,
			"jsonenv":    jsonEnv,
		},
		RequireExplicitExec: true,
	})
}

// exits makes a command that runs a program and checks its exit code; of reembed:
// exits CODE ARGS..., of the worker: worker CODE ARGS...
func exits(program string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		got := 0
		if err := ts.Exec(program, args[1:]...); err != nil {
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok {
				ts.Fatalf("run %s: %v", program, err)
			}
			got = exit.ExitCode()
		}
		if neg || got != want {
			ts.Fatalf("exit code %d, want %d", got, want)
		}
	}
}

// statement changes a store as a foreign program would: sql FILE STATEMENT
func statement(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	res, err := db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%q changed nothing (%v)", args[1], err)
	}
}
