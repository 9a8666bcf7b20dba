package reconcile

import (
	"context"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/reembed/reembed/backends"
)

// Forward brings the generation's records of the source's range up to date,
// from the cursor on.
//
// Errors are those of the roles, wrapped; the result says how far it came.
func Forward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.WithDefaults()
	group, ctx := errgroup.WithContext(ctx)
	f := &forward{
		pair: p, o: o, limits: newLimits(o),
		memory:   semaphore.NewWeighted(o.MemoryBytes),
		pages:    make(chan *page, 1),
		batches:  make(chan batch, o.Concurrency),
		outcomes: make(chan outcome, 2*o.Concurrency),
	}
	w := &writer{forward: f, mark: watermark{cursor: after}}
	group.Go(func() error { return f.read(ctx, r, after) })
	group.Go(func() error { return f.pack(ctx) })
	group.Go(func() error { return f.embedAll(ctx) })
	group.Go(func() error { return w.run(ctx) })
	err := group.Wait()
	return Result{Cursor: w.mark.cursor, Done: err == nil && w.mark.last, Counts: w.counts}, err
}

// forward is the state that the stages share; each channel has one sender side
// and is closed by it.
type forward struct {
	pair     Pair
	o        Options
	limits   limits
	memory   *semaphore.Weighted
	pages    chan *page   // reader -> packer
	batches  chan batch   // packer -> embedders
	outcomes chan outcome // packer and embedders -> writer
}

// page is one read of the source, on its way to being done.
type page struct {
	next   backends.Cursor
	last   bool
	counts Counts // scanned and current; counted when the page is done
	dirty  []dirty
	open   int   // dirty items that are not written yet; the writer's
	weight int64 // of memory held
}

// dirty is an item whose record is missing or different.
type dirty struct {
	item  backends.Item
	stamp backends.Stamp // that the record has to carry
	page  *page
	// keepVector: only the payload differs.
	keepVector bool
}

// send puts v into the channel unless the run ends first.
func send[T any](ctx context.Context, ch chan<- T, v T) error {
	select {
	case ch <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
