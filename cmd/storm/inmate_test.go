package storm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/cmd/stand"
	workers "github.com/reembed/reembed/worker"
)

// inmate is the worker's program inside of this process.
type inmate struct {
	wire *stand.Wire
	stop context.CancelFunc
	done chan struct{}
	code int
}

// engage starts one, with a wire of its own to the server.
func (s *storm) engage(store *memory.Store) (worker, error) {
	wire, err := stand.NewWire(s.stand.Server.Address())
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &inmate{wire: wire, stop: stop, done: make(chan struct{})}
	env := slices.Concat(s.stand.Env, workerSettings, []string{"TEMPORAL_ADDRESS=" + wire.Address()})
	p := workers.Program{Version: "storm", Drivers: drivers(store)}
	go func() {
		w.code = p.Run(ctx, nil, env, s.stand.Log, s.stand.Log)
		wire.Close()
		close(w.done)
	}()
	s.t.Cleanup(func() { // also one that was cut off, and has not come to its end
		stop()
		<-w.done
	})
	return w, nil
}

// Kill cuts it off: nobody hears of what it does any more, and it is told to end.
// What it has begun may still have its effect, later than that of any process
// that is killed.
func (w *inmate) Kill() error {
	w.wire.Cut(true)
	w.stop()
	return nil
}

// Stop asks it to end, and waits.
func (w *inmate) Stop(grace time.Duration) error {
	w.stop()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-w.done:
		return nil
	case <-timer.C:
		return fmt.Errorf("the worker did not end within %s", grace)
	}
}

// Running reports whether it has not ended.
func (w *inmate) Running() bool {
	select {
	case <-w.done:
		return false
	default:
		return true
	}
}

// Wait waits for its end.
func (w *inmate) Wait() error {
	<-w.done
	return fmt.Errorf("exit code %d", w.code)
}
