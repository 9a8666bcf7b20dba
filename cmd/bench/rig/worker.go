package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/reembed/reembed/cmd/bench/machine"
	"github.com/reembed/reembed/starter/child"
	"github.com/reembed/reembed/starter/devserver"
)

const (
	workerGrace = 45 * time.Second
	readyWithin = time.Minute
	readyEvery  = 20 * time.Millisecond
)

// Worker is a running reembed-worker.
type Worker struct {
	process *child.Process
	log     *os.File
	http    string
}

// Hire starts a worker in the place and returns at once.
func (p *Place) Hire() (*Worker, error) {
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	w := &Worker{http: fmt.Sprintf("127.0.0.1:%d", port)}
	if w.log, err = os.OpenFile(p.file("worker.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	w.process, err = child.Start(child.Command{
		Path: p.rig.Worker, Env: p.rig.workerEnv(p.file(catalogFile), w.http), Dir: p.dir, Stdout: w.log, Stderr: w.log,
	})
	if err != nil {
		return nil, errors.Join(err, w.log.Close())
	}
	return w, nil
}

// Ready returns when the worker says that it is.
func (w *Worker) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for {
		if w.answers(ctx) {
			return nil
		}
		select {
		case <-w.process.Done():
			return fmt.Errorf("the worker ended: %w: see %s", w.process.Wait(), w.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("the worker is not ready: %w: see %s", context.Cause(ctx), w.log.Name())
		case <-tick.C:
		}
	}
}

func (w *Worker) answers(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.http+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// Taken is what a process took of the machine.
type Taken struct {
	CPU     time.Duration // user and system
	PeakRSS int64         // bytes
}

// Dismiss stops the worker and says what it took.
func (w *Worker) Dismiss() (Taken, error) {
	peak, err := machine.PeakRSS(w.process.Pid())
	err = errors.Join(err, w.process.Stop(workerGrace), w.log.Close())
	return Taken{CPU: w.process.CPU(), PeakRSS: peak}, err
}

// Kill ends the worker as a crash would.
func (w *Worker) Kill() error { return errors.Join(w.process.Kill(), w.log.Close()) }
