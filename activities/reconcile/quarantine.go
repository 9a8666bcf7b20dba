package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// setAside quarantines refused items, with all equal texts, and removes the
// records that their former texts left: a stale vector is worse than none.
func (w *writer) setAside(ctx context.Context, items []refused) error {
	var done []dirty
	for _, r := range items {
		group := []dirty{r.dirty}
		if r.owner != nil {
			group = append(group, r.owner.settle(wasRefused, r.reason)...)
		}
		for _, d := range group {
			if err := w.quarantine(ctx, d, r.reason); err != nil {
				return err
			}
		}
		done = append(done, group...)
	}
	if len(done) == 0 {
		return nil
	}
	if err := w.removeRefused(ctx, done); err != nil {
		return err
	}
	w.counts.Quarantined += int64(len(done))
	w.settle(done)
	return nil
}

// removeRefused deletes the records of refused items, but for a target that
// applications write: the record is all that there is of the item.
func (w *writer) removeRefused(ctx context.Context, items []dirty) error {
	if w.pair.Shared || w.sides.guarded() {
		return nil
	}
	ids := make([]string, len(items))
	for i, d := range items {
		ids[i] = d.item.ID
	}
	if err := w.disown(ctx, items); err != nil {
		return err
	}
	err := w.o.change(ctx, func(ctx context.Context) error { return w.pair.Target.Delete(ctx, ids) })
	if err != nil {
		return fmt.Errorf("delete records of refused items: %w", err)
	}
	return nil
}

// quarantine hands one refused item over, unless it is known already.
func (w *writer) quarantine(ctx context.Context, d dirty, reason string) error {
	if known, ok := w.o.Known[d.item.ID]; ok && known == d.stamp.Content {
		return nil
	}
	if w.o.Quarantine == nil {
		return fmt.Errorf("%w: item refused and nobody to take it: %s", backends.ErrInvalidInput, reason)
	}
	err := w.o.change(ctx, func(ctx context.Context) error {
		return w.o.Quarantine(ctx, Refusal{ID: d.item.ID, Content: d.stamp.Content, Reason: reason})
	})
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	return nil
}

// recovered tells which known refusals are over.
func (w *writer) recovered(ctx context.Context, ids []string) error {
	if len(ids) == 0 || w.o.Recovered == nil {
		return nil
	}
	err := w.o.change(ctx, func(ctx context.Context) error { return w.o.Recovered(ctx, ids) })
	if err != nil {
		return fmt.Errorf("end quarantine: %w", err)
	}
	return nil
}
