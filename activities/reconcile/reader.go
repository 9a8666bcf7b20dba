package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// read walks the range, one page ahead of the packer, until the range or a
// limit ends. A read that is under way when Stop is closed is given up.
func (f *forward) read(ctx context.Context, r backends.Range, after backends.Cursor) error {
	defer close(f.pages)
	ctx, cancel := until(ctx, f.o.Stop)
	defer cancel(nil)
	err := f.readPages(ctx, r, after)
	if err != nil && errors.Is(context.Cause(ctx), errStopped) {
		return nil
	}
	return err
}

func (f *forward) readPages(ctx context.Context, r backends.Range, after backends.Cursor) error {
	limit := backends.PageLimit{Items: f.o.PageItems, Bytes: int(max(1, f.o.MemoryBytes/4))}
	var scanned int64
	for !f.limits.reached(scanned) {
		// The memory of a page is taken before it is read: a page in the reader's
		// hands is as heavy as any other.
		if err := f.take(ctx, int64(limit.Bytes)); err != nil {
			return err
		}
		got, err := f.pair.Source.ReadPage(ctx, r, after, limit)
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		pg := &page{next: got.Next, last: got.Done, counts: Counts{Scanned: int64(len(got.Items))}}
		if err := f.compare(ctx, pg, got.Items); err != nil {
			return err
		}
		if err := f.take(ctx, pg.weight-int64(limit.Bytes)); err != nil {
			return err
		}
		if err := send(ctx, f.pages, pg); err != nil {
			return err
		}
		scanned += int64(len(got.Items))
		after = got.Next
		if got.Done {
			return nil
		}
	}
	return nil
}

// take takes so much more memory, or gives it back where it is negative. The
// reader alone takes, and who gives back waits for nobody who takes, so that it
// may hold some while it waits for more.
func (f *forward) take(ctx context.Context, bytes int64) error {
	if bytes < 0 {
		f.memory.Release(-bytes)
		return nil
	}
	if f.memory.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// vectorCopies is how often a vector stands in memory: as it was answered, and
// as it is written.
const vectorCopies = 2

// compare finds what is dirty, and weighs it.
func (f *forward) compare(ctx context.Context, pg *page, items []backends.Item) error {
	if len(items) == 0 {
		return nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	stamps, err := f.pair.Target.Stamps(ctx, ids)
	if err != nil {
		return fmt.Errorf("look up stamps: %w", err)
	}
	sights, err := f.sides.look(ctx, items, ids)
	if err != nil {
		return err
	}
	spec := f.pair.Target.Spec()
	var weight int64
	for _, item := range items {
		want := backends.NewStamp(item, spec.Fingerprint, f.pair.CopiesPayload)
		have, there := stamps[item.ID]
		seen, looked := sights[item.ID]
		if f.sides.same() && !looked {
			pg.counts.Moved++ // it changed since it was read: the next pass's
			continue
		}
		if there && have == want && item.Defect == "" {
			pg.counts.Current++
			if f.sides.parted() && !seen.based {
				pg.alike = append(pg.alike, dirty{item: backends.Item{ID: item.ID}, stamp: want, page: pg, sight: seen})
			}
			if _, known := f.o.Known[item.ID]; known {
				pg.sound = append(pg.sound, item.ID)
			}
			continue
		}
		d := dirty{item: item, stamp: want, page: pg, sight: seen}
		d.keepVector = there && have.SameVector(want) && item.Defect == ""
		pg.dirty = append(pg.dirty, d)
		weight += int64(item.Bytes()) + int64(spec.Dimensions)*4*vectorCopies
	}
	pg.open = len(pg.dirty) + len(pg.alike)
	pg.weight = min(weight, f.o.MemoryBytes)
	return nil
}

// until returns a context that ends, with errStopped, when stop is closed.
func until(ctx context.Context, stop <-chan struct{}) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-stop:
			cancel(errStopped)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
