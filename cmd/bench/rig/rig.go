package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
)

// Settings of a rig: what bare loop and worker have in common.
type Settings struct {
	Dir         string // for all files, on the disk that is to be measured
	Worker      string // the program; "": it is built
	BatchSize   int    // inputs of one request
	Slots       int    // segments at once in the worker
	Concurrency int    // requests at once in a segment; the bare loop has Slots x Concurrency
	Environ     []string
	Logf        func(format string, args ...any) // what goes on
}

// Rig is what all runs share.
type Rig struct {
	Settings
	self   string // this program
	server *devserver.Server
	conn   client.Client
	client *starter.Client
	places int
}

// New builds the worker and starts the dev server.
func New(ctx context.Context, s Settings) (*Rig, error) {
	r := &Rig{Settings: s}
	var err error
	if r.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if r.Worker == "" {
		s.Logf("building reembed-worker")
		r.Worker = filepath.Join(s.Dir, "reembed-worker")
		if err := BuildWorker(ctx, r.Worker); err != nil {
			return nil, err
		}
	}
	s.Logf("starting Temporal")
	if r.server, err = devserver.Start(ctx, devserver.Options{Dir: filepath.Join(s.Dir, "temporal")}); err != nil {
		return nil, err
	}
	if err := r.connect(ctx); err != nil {
		return nil, errors.Join(err, r.server.Stop())
	}
	return r, nil
}

// BuildWorker builds reembed-worker. The working folder has to be in the module.
func BuildWorker(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/reembed/reembed/cmd/reembed-worker").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build reembed-worker: %w: %s", err, out)
	}
	return nil
}

func (r *Rig) connect(ctx context.Context) error {
	opts, err := starter.ClientOptions(starter.Options{Address: r.server.Address(), Namespace: devserver.Namespace})
	if err != nil {
		return err
	}
	if r.conn, err = client.DialContext(ctx, opts); err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	r.client = starter.New(r.conn, starter.Config{Address: opts.HostPort, Namespace: opts.Namespace})
	return nil
}

// Close ends the dev server.
func (r *Rig) Close() error {
	r.client.Close()
	return r.server.Stop()
}

// InFlight is how many requests run at once, of the worker and of the loop.
func (r *Rig) InFlight() int { return r.Slots * r.Concurrency }

// workerEnv is the worker's environment: everything else has its default.
func (r *Rig) workerEnv(catalog, http string) []string {
	return append(r.server.EnvOver(r.Environ), append(r.WorkerSettings(), "REEMBED_CATALOG="+catalog, "REEMBED_HTTP_ADDR="+http)...)
}

// WorkerSettings are the variables that the worker is given beside addresses and paths.
func (r *Rig) WorkerSettings() []string {
	return []string{
		"REEMBED_BATCH_SIZE=" + strconv.Itoa(r.BatchSize),
		"REEMBED_SYNC_SLOTS=" + strconv.Itoa(r.Slots),
		"REEMBED_EMBED_CONCURRENCY=" + strconv.Itoa(r.Concurrency),
		"REEMBED_JOB_TIMEOUT_SECONDS=0",
		"REEMBED_SOAK_SECONDS=0", // a soak would work beside the next run
	}
}

// Temporal is how the server was started, as its own process says, without its
// ports and paths.
func (r *Rig) Temporal(ctx context.Context) (version, flags string, err error) {
	return describe(ctx, r.server.Pid())
}

// MemoryMB is the worker's budget of bytes in flight, which is left at its default.
func (r *Rig) MemoryMB() int { return 64 * r.Slots }
