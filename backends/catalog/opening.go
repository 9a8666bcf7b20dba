package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// opening is a store that is open, or that one caller is opening while others
// wait. store and err are set before done is closed.
type opening struct {
	done  chan struct{}
	store Store
	err   error
}

// store returns the opened store. It is opened once for all callers, outside the
// mutex; what failed is tried again by the next caller.
func (w *World) store(ctx context.Context, name string) (Store, error) {
	for {
		w.mu.Lock()
		if w.closed {
			w.mu.Unlock()
			return nil, errClosed
		}
		o, found := w.stores[name]
		if !found {
			o = &opening{done: make(chan struct{})}
			w.stores[name] = o
		}
		w.mu.Unlock()
		if !found {
			return w.open(ctx, name, o)
		}
		select {
		case <-o.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("open store %q: %w", name, context.Cause(ctx))
		}
		// The opener may have given up for reasons of its own: its context.
		if o.err == nil || (!errors.Is(o.err, context.Canceled) && !errors.Is(o.err, context.DeadlineExceeded)) {
			return o.store, o.err
		}
	}
}

var errClosed = fmt.Errorf("%w: the catalog was closed", backends.ErrUnavailable)

func (w *World) open(ctx context.Context, name string, o *opening) (Store, error) {
	o.err = fmt.Errorf("%w: opening store %q was broken off", backends.ErrUnavailable, name)
	defer func() { // also when a driver panics: nobody waits for ever
		if o.err != nil {
			w.mu.Lock()
			delete(w.stores, name)
			w.mu.Unlock()
		}
		close(o.done)
	}()
	spec, err := lookup(w.catalog.Stores, "store", name, w.catalog.File)
	if err == nil && w.existing && spec.Exists != nil {
		err = spec.Exists()
	}
	if err == nil {
		o.store, err = spec.Open(ctx)
	}
	if err != nil {
		o.store, o.err = nil, fmt.Errorf("open store %q: %w", name, err)
		return nil, o.err
	}
	o.err = nil
	return o.store, nil
}

// Close closes all stores that were opened, and waits for those that are being
// opened. Nothing is opened any more.
func (w *World) Close() error {
	w.mu.Lock()
	w.closed = true
	stores := w.stores
	w.stores = map[string]*opening{}
	w.mu.Unlock()
	var errs []error
	for name, o := range stores {
		<-o.done
		if o.store == nil {
			continue
		}
		if err := o.store.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close store %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
