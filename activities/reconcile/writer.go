package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// outcome is what a stage hands to the writer.
type outcome struct {
	opened                     *page // a new page, in order
	vectors                    []embedded
	payloads                   []dirty
	refused                    []refused
	requests, tokens, answered int64
}

type embedded struct {
	owner  *owner
	vector []float32
	shared bool // taken from an equal text's record
}

type refused struct {
	dirty
	owner  *owner // nil when it never was one
	reason string
}

// writeItems is how many records one write aims at: outcomes that wait are
// written together.
const writeItems = 1000

// writeTimeout bounds one write, so that the write of an attempt that was given
// up on can't arrive much later.
const writeTimeout = time.Minute

// writer is the only stage that changes anything.
type writer struct {
	*forward
	mark   watermark
	counts Counts
}

func (w *writer) run(ctx context.Context) error {
	for out := range w.outcomes {
		group := w.gather(out)
		if err := w.write(ctx, group); err != nil {
			return err
		}
		if w.o.Report != nil {
			w.o.Report(w.mark.cursor, w.counts)
		}
	}
	return context.Cause(ctx)
}

// gather merges what waits already, so that a slow store gets larger writes.
func (w *writer) gather(out outcome) outcome {
	w.open(out)
	for len(out.vectors) < writeItems {
		select {
		case more, ok := <-w.outcomes:
			if !ok {
				return out
			}
			w.open(more)
			out.vectors = append(out.vectors, more.vectors...)
			out.payloads = append(out.payloads, more.payloads...)
			out.refused = append(out.refused, more.refused...)
		default:
			return out
		}
	}
	return out
}

// open counts what was paid, and takes note of a new page.
func (w *writer) open(out outcome) {
	w.counts.Requests += out.requests
	w.counts.Tokens += out.tokens
	w.counts.Embedded += out.answered
	if out.opened != nil {
		w.mark.push(out.opened)
		w.settle(nil)
	}
}

func (w *writer) write(ctx context.Context, out outcome) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if len(out.vectors)+len(out.payloads)+len(out.refused) == 0 {
		return nil
	}
	if w.o.Fence != nil {
		if err := w.o.Fence(ctx); err != nil {
			return err
		}
	}
	if err := w.writeVectors(ctx, out.vectors); err != nil {
		return err
	}
	if err := w.writePayloads(ctx, out.payloads); err != nil {
		return err
	}
	return w.setAside(ctx, out.refused)
}

func (w *writer) writeVectors(ctx context.Context, vectors []embedded) error {
	if len(vectors) == 0 {
		return nil
	}
	records := make([]backends.Record, 0, len(vectors))
	done := make([]dirty, 0, len(vectors))
	var shared int64
	add := func(d dirty, vector []float32) {
		r := backends.Record{ID: d.item.ID, Vector: vector, Stamp: d.stamp}
		if w.pair.CopiesPayload {
			r.Payload = d.item.Payload
		}
		records = append(records, r)
		done = append(done, d)
	}
	for _, v := range vectors {
		add(v.owner.dirty, v.vector)
		if v.shared {
			shared++
		}
	}
	if err := w.pair.Target.Upsert(ctx, records); err != nil {
		return fmt.Errorf("write %d records: %w", len(records), err)
	}
	// Only now may the owners close: until here equal texts could join, and who
	// comes later finds the record in the generation.
	records = records[:0]
	own := len(done)
	for _, v := range vectors {
		for _, follower := range v.owner.settle(true) {
			add(follower, v.vector)
		}
	}
	if len(records) > 0 {
		if err := w.pair.Target.Upsert(ctx, records); err != nil {
			return fmt.Errorf("write %d records of equal texts: %w", len(records), err)
		}
	}
	w.counts.Written += int64(len(done))
	w.counts.Shared += shared + int64(len(done)-own)
	w.settle(done)
	return nil
}

func (w *writer) writePayloads(ctx context.Context, payloads []dirty) error {
	if len(payloads) == 0 {
		return nil
	}
	records := make([]backends.Record, len(payloads))
	for i, d := range payloads {
		records[i] = backends.Record{ID: d.item.ID, Stamp: d.stamp, Payload: d.item.Payload}
	}
	if err := w.pair.Target.SetPayload(ctx, records); err != nil {
		return fmt.Errorf("write %d payloads: %w", len(records), err)
	}
	w.counts.PayloadOnly += int64(len(payloads))
	w.settle(payloads)
	return nil
}

// setAside quarantines refused items, with all equal texts, and removes the
// records that their former texts left: a stale vector is worse than none.
func (w *writer) setAside(ctx context.Context, items []refused) error {
	if len(items) == 0 {
		return nil
	}
	var done []dirty
	for _, r := range items {
		group := []dirty{r.dirty}
		if r.owner != nil {
			group = append(group, r.owner.settle(false)...)
		}
		for _, d := range group {
			if w.o.Quarantine == nil {
				return fmt.Errorf("%w: item refused and nobody to take it: %s", backends.ErrInvalidInput, r.reason)
			}
			if known, ok := w.o.Known[d.item.ID]; !ok || known != d.stamp.Content {
				err := w.o.Quarantine(ctx, Refusal{ID: d.item.ID, Content: d.stamp.Content, Reason: r.reason})
				if err != nil {
					return fmt.Errorf("quarantine: %w", err)
				}
			}
			done = append(done, d)
		}
	}
	ids := make([]string, len(done))
	for i, d := range done {
		ids[i] = d.item.ID
	}
	if err := w.pair.Target.Delete(ctx, ids); err != nil && !errors.Is(err, backends.ErrNotFound) {
		return fmt.Errorf("delete records of refused items: %w", err)
	}
	w.counts.Quarantined += int64(len(done))
	w.settle(done)
	return nil
}

// settle marks items as done and moves the watermark.
func (w *writer) settle(done []dirty) {
	for _, d := range done {
		d.page.open--
	}
	for _, pg := range w.mark.advance() {
		w.counts.Add(pg.counts)
		w.memory.Release(pg.weight)
	}
}
