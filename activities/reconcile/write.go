package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
)

// record is what the target holds of an item; only collections keep its text.
func (w *writer) record(d dirty, vector []float32) backends.Record {
	r := backends.Record{ID: d.item.ID, Vector: vector, Stamp: d.stamp, Text: d.item.Text, Base: w.sides.base(d)}
	if w.pair.CopiesPayload {
		r.Payload = d.item.Payload
	}
	return r
}

// upsert writes the records of these items, and returns the ids of those that
// applications changed since they were seen.
func (w *writer) upsert(ctx context.Context, records []backends.Record, of []dirty) (moved []string, err error) {
	if len(records) == 0 {
		return nil, nil
	}
	if !w.sides.guarded() {
		return w.upsertCurrent(ctx, records)
	}
	seen := make(map[string]string, len(of))
	for _, d := range of {
		seen[d.item.ID] = d.sight.over
	}
	err = w.o.change(ctx, func(ctx context.Context) error {
		moved, err = w.sides.to.UpsertOver(ctx, records, seen)
		return err
	})
	w.counts.Moved += int64(len(moved))
	return moved, err
}

// upsertCurrent writes the records; where the run was asked for it, only those
// whose items have still the text.
func (w *writer) upsertCurrent(ctx context.Context, records []backends.Record) (moved []string, err error) {
	if w.current == nil {
		return nil, w.o.change(ctx, func(ctx context.Context) error { return w.pair.Target.Upsert(ctx, records) })
	}
	err = w.o.change(ctx, func(ctx context.Context) error {
		moved, err = w.current.UpsertCurrent(ctx, records)
		return err
	})
	if w.o.moved != nil && len(moved) > 0 {
		w.o.moved(moved)
	}
	w.counts.Moved += int64(len(moved))
	return moved, err
}

func (w *writer) writePayloads(ctx context.Context, payloads []dirty) error {
	if len(payloads) == 0 {
		return nil
	}
	records := make([]backends.Record, len(payloads))
	for i, d := range payloads {
		records[i] = w.record(d, nil)
	}
	moved, err := w.setPayload(ctx, records, payloads)
	if err != nil {
		return fmt.Errorf("write %d payloads: %w", len(records), err)
	}
	w.counts.PayloadOnly += int64(len(payloads) - len(moved))
	return w.finish(ctx, payloads, moved)
}

// setPayload keeps the vectors that are there.
func (w *writer) setPayload(ctx context.Context, records []backends.Record, of []dirty) (moved []string, err error) {
	if !w.sides.guarded() {
		return nil, w.o.change(ctx, func(ctx context.Context) error { return w.pair.Target.SetPayload(ctx, records) })
	}
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	there, err := w.pair.Target.Fetch(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("fetch vectors: %w", err)
	}
	vectors := make(map[string][]float32, len(there))
	for _, r := range there {
		vectors[r.ID] = r.Vector
	}
	var whole []backends.Record
	for _, r := range records {
		if r.Vector = vectors[r.ID]; r.Vector == nil {
			moved = append(moved, r.ID)
			w.counts.Moved++
			continue
		}
		whole = append(whole, r)
	}
	more, err := w.upsert(ctx, whole, of)
	return append(moved, more...), err
}

// finish tells of those that were refused before and are right now, and settles
// all. What an application changed since it was seen is the next pass's.
func (w *writer) finish(ctx context.Context, done []dirty, moved []string) error {
	right := done
	if len(moved) > 0 {
		right = slices.DeleteFunc(slices.Clone(done), func(d dirty) bool { return slices.Contains(moved, d.item.ID) })
	}
	if err := w.agree(ctx, right, true); err != nil {
		return err
	}
	var sound []string
	for _, d := range right {
		if _, known := w.o.Known[d.item.ID]; known {
			sound = append(sound, d.item.ID)
		}
	}
	if err := w.recovered(ctx, sound); err != nil {
		return err
	}
	w.settle(done)
	return nil
}
