package reconcile

import (
	"context"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/patient"
)

// request sends one request and sits out short trouble, under PatienceMax in
// all. Longer waits are the caller's, who has more time. Once the run is to end
// the trouble is not waited out: errStopped.
func (f *forward) request(ctx context.Context, texts []string) (backends.Embedding, error) {
	return patient.Embed(ctx, f.pair.Embedder, backends.Document, texts, patient.Options{
		Waits: f.o.PatienceMax, Request: f.o.RequestTimeout, Wait: f.wait,
	})
}

func (f *forward) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-f.o.Stop:
		return errStopped
	case <-f.halt:
		return errStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
