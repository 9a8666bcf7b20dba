package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/reembed/reembed/starter/child"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/starter/environ"
)

// crew are the processes of the demo: the dev server and one worker at a time.
type crew struct {
	server *devserver.Server
	worker *child.Process
	log    *os.File     // of the workers
	env    environ.List // that points programs at the server and the catalog
	http   string       // address of the worker's HTTP server
}

// workerGrace is how long a worker may take to hand back what it works on.
const workerGrace = 15 * time.Second

// muster starts the dev server and the first worker.
func (c *crew) muster(ctx context.Context, env []string, h home) error {
	dir := filepath.Dir(h.catalog)
	server, err := devserver.Start(ctx, devserver.Options{Dir: dir, UI: true})
	if err != nil {
		return err
	}
	c.server = server
	port, err := devserver.FreePort()
	if err != nil {
		return err
	}
	c.http = fmt.Sprintf("127.0.0.1:%d", port)
	if c.log, err = os.Create(filepath.Join(dir, "worker.log")); err != nil {
		return fmt.Errorf("log of the worker: %w", err)
	}
	c.env = append(server.EnvOver(env),
		"REEMBED_CATALOG="+h.catalog, "REEMBED_HTTP_ADDR="+c.http, "REEMBED_BATCH_SIZE=25")
	return c.hire()
}

// hire starts a worker.
func (c *crew) hire() (err error) {
	program, err := child.Find("reembed-worker")
	if err != nil {
		return fmt.Errorf("find the worker: %w: run `make build`", err)
	}
	c.worker, err = child.Start(child.Command{Path: program, Env: c.env, Stdout: c.log, Stderr: c.log})
	return err
}

// dismiss ends all processes, the worker first.
func (c *crew) dismiss() error {
	var errs []error
	if c.worker != nil {
		errs = append(errs, c.worker.Stop(workerGrace))
	}
	if c.server != nil {
		errs = append(errs, c.server.Stop())
	}
	if c.log != nil {
		errs = append(errs, c.log.Close())
	}
	return errors.Join(errs...)
}
