package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter/child"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/starter/devserver"
)

// workerProgram is the worker's file name.
const workerProgram = "reembed-worker"

// workerGrace is how long a worker may take to hand its segments back.
const workerGrace = 35 * time.Second

// devOptions are the flags of dev.
type devOptions struct {
	dir          string
	port, uiPort int
	worker       string
}

func (a *app) devCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use: "dev [-- WORKER FLAGS]", Short: "Run Temporal's dev server and a worker, until Ctrl-C", GroupID: groupMore,
		Long: `Dev starts Temporal's dev server with its Web UI, and a worker with the catalog,
on this machine. Ctrl-C ends the worker first, which hands back what it is at, and
then the server. Jobs are kept in the folder, and go on with the next start. It is
for trying things out, not for production.`,
		Example: `  reembed dev
  reembed dev --catalog prod.yaml --dir /var/tmp/reembed`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDev(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", ".reembed", "folder of the server's database and log")
	f.IntVar(&o.port, "port", 7233, "port of the server; 0: a free one")
	f.IntVar(&o.uiPort, "ui-port", 8233, "port of its Web UI; 0: a free one")
	f.StringVar(&o.worker, "worker", "", "worker program (default "+workerProgram+" beside this program, or on PATH)")
	return cmd
}

// devAddresses is what `reembed dev -o json` prints once all runs.
type devAddresses struct {
	Temporal string `json:"temporal"`
	WebUI    string `json:"web_ui"`
	Server   int    `json:"server_pid"`
	Worker   int    `json:"worker_pid"`
}

func (a *app) runDev(ctx context.Context, o devOptions, args []string) (err error) {
	if _, err := a.loadCatalog(); err != nil {
		return err // before anything is started
	}
	program, err := o.findWorker()
	if err != nil {
		return err
	}
	server, err := devserver.Start(ctx, devserver.Options{Dir: o.dir, Port: o.port, UI: true, UIPort: o.uiPort})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	worker, err := child.Start(child.Command{
		Path: program, Args: args, Stdout: a.stderr, Stderr: a.stderr,
		Env: append(server.EnvOver(a.env), "REEMBED_CATALOG="+a.catalogFile()),
	})
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	defer func() { err = errors.Join(err, worker.Stop(workerGrace)) }()
	addresses := devAddresses{server.Address(), server.UIURL(), server.Pid(), worker.Pid()}
	if err := a.print(addresses, func(p *layout.Page) { writeDev(p, addresses) }); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		a.note("Ending the worker, then the server.")
		return nil
	case <-server.Done():
		return fmt.Errorf("the dev server ended: its log is %s", filepath.Join(o.dir, "temporal.log"))
	case <-worker.Done():
		return fmt.Errorf("the worker ended (exit code %d): its last words are above", worker.ExitCode())
	}
}

func writeDev(p *layout.Page, d devAddresses) {
	p.Pair("Temporal", d.Temporal)
	p.Pair("Web UI", d.WebUI)
	p.Pair("worker", fmt.Sprintf("process %d", d.Worker))
	p.Pair("elsewhere", "export TEMPORAL_ADDRESS="+d.Temporal+" REEMBED_WEB_UI="+d.WebUI)
	p.Line("Ctrl-C ends both.")
}

// findWorker finds the worker's program.
func (o devOptions) findWorker() (string, error) {
	find := child.Find
	if o.worker != "" {
		find = exec.LookPath
	}
	path, err := find(cmp.Or(o.worker, workerProgram))
	if err != nil {
		return "", usage("there is no worker to run: build it with `make build`, or name it with --worker: %w", err)
	}
	return filepath.Abs(path)
}
