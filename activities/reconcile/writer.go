package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// outcome is what a stage hands to the writer.
type outcome struct {
	opened                     *page // a new page, in order
	vectors                    []embedded
	payloads                   []dirty
	refused                    []refused
	sound                      []string // current items that were refused before
	alike                      []dirty  // current items of which the collections don't know that they agree
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

// writer is the only stage that changes anything.
type writer struct {
	*forward
	mark   watermark
	counts Counts
	ahead  int64 // see Result
}

// run writes until the last sender of outcomes has ended.
func (w *writer) run(ctx context.Context) error {
	for out := range w.outcomes {
		group := w.gather(out)
		if err := w.write(ctx, group); err != nil {
			return err
		}
		if w.o.Report != nil {
			w.o.Report(Result{Cursor: w.mark.cursor, Done: w.mark.last, Counts: w.counts, Ahead: w.ahead})
		}
	}
	return nil
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
			out.sound = append(out.sound, more.sound...)
			out.alike = append(out.alike, more.alike...)
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
	if err := w.writeVectors(ctx, out.vectors); err != nil {
		return err
	}
	if err := w.writePayloads(ctx, out.payloads); err != nil {
		return err
	}
	if err := w.recovered(ctx, out.sound); err != nil {
		return err
	}
	if err := w.agree(ctx, out.alike, false); err != nil {
		return err
	}
	w.settle(out.alike)
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
		records = append(records, w.record(d, vector))
		done = append(done, d)
	}
	for _, v := range vectors {
		add(*v.owner.dirty, v.vector)
		if v.shared {
			shared++
		}
	}
	moved, err := w.upsert(ctx, records, done)
	if err != nil {
		return fmt.Errorf("write %d records: %w", len(records), err)
	}
	// Only now may the owners close: until here equal texts could join, and who
	// comes later finds the record in the generation.
	records = records[:0]
	own := len(done)
	for _, v := range vectors {
		for _, follower := range v.owner.settle(wasWritten, "") {
			add(follower, v.vector)
		}
	}
	more, err := w.upsert(ctx, records, done[own:])
	if err != nil {
		return fmt.Errorf("write %d records of equal texts: %w", len(records), err)
	}
	w.counts.Written += int64(len(done) - len(moved) - len(more))
	w.counts.Shared += shared + int64(len(done)-own)
	return w.finish(ctx, done, append(moved, more...))
}

// settle marks items as done and moves the watermark.
func (w *writer) settle(done []dirty) {
	for _, d := range done {
		d.page.open--
		d.page.settled++
		w.ahead++
	}
	for _, pg := range w.mark.advance() {
		w.ahead -= pg.settled
		w.counts.Add(pg.counts)
		w.memory.Release(pg.weight)
	}
}
