package memory

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Writer is the public face of a collection: what an application has that knows
// nothing of reembed. It may write a stamp, and never writes a base.
type Writer struct{ collection *Collection }

// Writer opens a collection, whoever made it; ErrNotFound.
func (s *Store) Writer(ctx context.Context, locator string) (*Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	g, ok := s.generations[locator]
	if !ok {
		return nil, fmt.Errorf("%w: collection %q", backends.ErrNotFound, locator)
	}
	return &Writer{&Collection{&Generation{store: s, spec: g.spec}}}, nil
}

// MakeCollection makes an empty collection of an application's own; one that is
// there stays. A namespace gets it by [Collections.Adopt].
func (s *Store) MakeCollection(name string, dimensions int, metric backends.Metric) *Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.generations[name]
	if !ok {
		g = newGeneration("", backends.GenerationSpec{Locator: name, Dimensions: dimensions, Metric: metric})
		s.generations[name] = g
	}
	return &Writer{&Collection{&Generation{store: s, spec: g.spec}}}
}

// Upsert inserts or replaces whole records.
func (w *Writer) Upsert(ctx context.Context, records ...backends.Record) error {
	own := make([]backends.Record, len(records))
	for i, r := range records {
		own[i] = r
		own[i].Base = backends.Base{}
	}
	return w.collection.Upsert(ctx, own)
}

// Patch changes what it is given of a record and leaves all else of it, as stores
// do that can write a part of an object; ErrNotFound.
func (w *Writer) Patch(ctx context.Context, id string, change func(*backends.Record)) error {
	return w.collection.change(ctx, func(o *ordered[backends.Record]) error {
		have, ok := o.rows[id]
		if !ok {
			return fmt.Errorf("%w: record", backends.ErrNotFound)
		}
		base := have.Base
		have = cloneRecord(have)
		change(&have)
		have.ID, have.Base = id, base
		if err := w.collection.spec.CheckRecords([]backends.Record{have}); err != nil {
			return err
		}
		w.collection.put(o, []backends.Record{have})
		return nil
	})
}

// Delete removes records.
func (w *Writer) Delete(ctx context.Context, ids ...string) error {
	return w.collection.Delete(ctx, ids)
}

// Search answers from the collection.
func (w *Writer) Search(ctx context.Context, q backends.Query) ([]backends.Hit, error) {
	return w.collection.Search(ctx, q)
}

// Fetch finds records by id.
func (w *Writer) Fetch(ctx context.Context, ids ...string) ([]backends.Record, error) {
	return w.collection.Fetch(ctx, ids)
}
