package reconcile

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/reembed/reembed/backends"
)

// errStopped ends the waits of a run whose Stop was closed. It never leaves the package.
var errStopped = errors.New("stopped")

// Forward brings the generation's records of the source's range up to date,
// from the cursor on.
//
// Errors are those of the roles, wrapped; the result says how far it came. When
// a read or a request fails, the requests that are under way are still waited
// for and written, as they are paid for; when ctx ends or a write fails, all
// ends at once.
func Forward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	return run(ctx, p, r, after, nil, o)
}

// run is Forward over items of which a merge has seen already what both sides have.
func run(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, known map[string]sight, o Options) (Result, error) {
	o = o.withPages(p.Target.Spec().Dimensions)
	between, err := p.sides(known)
	if err != nil {
		return Result{Cursor: after}, err
	}
	// work ends when nothing can be written any more, halt as soon as any stage failed.
	work, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	group, halt := errgroup.WithContext(work)
	f := &forward{
		pair: p, o: o, sides: between, limits: newLimits(o), halt: halt.Done(),
		memory:   semaphore.NewWeighted(o.MemoryBytes),
		pages:    make(chan *page, 1),
		batches:  make(chan batch, o.Concurrency),
		outcomes: make(chan outcome, 2*o.Concurrency),
	}
	if o.Current {
		f.current, _ = backends.As[backends.ConditionalWriter](p.Target)
	}
	w := &writer{forward: f, mark: watermark{cursor: after}}

	group.Go(func() error { return f.read(halt, r, after) })
	var senders sync.WaitGroup // of outcomes
	sender := func(stage func() error) {
		senders.Add(1)
		group.Go(func() error { defer senders.Done(); return stage() })
	}
	sender(func() error { return f.pack(halt) })
	for range o.Concurrency {
		sender(func() error { return f.embedBatches(work) })
	}
	group.Go(func() error { senders.Wait(); close(f.outcomes); return nil })
	group.Go(func() error {
		err := w.run(work)
		if err != nil {
			abort(err)
		}
		return err
	})

	err = group.Wait()
	if cause := context.Cause(work); cause != nil && err != nil {
		err = cause // not what another stage made of it
	}
	return Result{Cursor: w.mark.cursor, Done: err == nil && w.mark.last, Counts: w.counts}, err
}

// forward is the state that the stages share. Pages and batches have one sender
// that closes them; outcomes is closed when the last of its senders has ended.
type forward struct {
	pair     Pair
	o        Options
	sides    *sides                     // nil where the items live outside
	current  backends.ConditionalWriter // nil: what was read is written
	limits   limits
	halt     <-chan struct{} // closed when a stage failed
	memory   *semaphore.Weighted
	pages    chan *page   // reader -> packer
	batches  chan batch   // packer -> embedders
	outcomes chan outcome // packer and embedders -> writer
}

// page is one read of the source, on its way to being done.
type page struct {
	next    backends.Cursor
	last    bool
	counts  Counts   // scanned and current; counted when the page is done
	dirty   []dirty  // until it is packed
	sound   []string // current items that were refused before
	alike   []dirty  // current items of which the collections don't know that they agree
	open    int      // items that are not written yet; the writer's
	settled int64    // items that are done; the writer's
	weight  int64    // of memory held
}

// dirty is an item whose record is missing or different.
type dirty struct {
	item  backends.Item
	stamp backends.Stamp // that the record has to carry
	page  *page
	// keepVector: only the payload differs.
	keepVector bool
	sight      sight // of collections
}

// ended reports whether nothing new is to be begun.
func (f *forward) ended() bool {
	select {
	case <-f.o.Stop:
		return true
	case <-f.halt:
		return true
	default:
		return false
	}
}

// send puts v into the channel unless ctx ends first.
func send[T any](ctx context.Context, ch chan<- T, v T) error {
	select {
	case ch <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
