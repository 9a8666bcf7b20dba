package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
)

// Changed brings those records of the generation up to date whose items the
// consumer is told of as changed, from the cursor on: what was inserted or changed
// as Forward does, what is gone from the source as Backward does, after two looks.
// A change is acknowledged once the record is right, is gone with its item, or
// the item was set aside. What applications change meanwhile stays for the next
// run, which begins with the first change again: acknowledged ones are not told
// of any more.
//
// Where the generation is a backends.ConditionalWriter nothing is written that is
// not so any more in the source.
//
// Errors are those of the roles and of Capture, wrapped; ErrChangesLost is among
// them. A run that ends early has acknowledged only what it was done with.
func Changed(ctx context.Context, p Pair, capture backends.Capture, consumer string, after backends.Cursor, o Options) (Result, error) {
	o = o.withPages(p.Target.Spec().Dimensions)
	c := &changed{pair: p, capture: capture, consumer: consumer, o: o, limits: newLimits(o), res: Result{Cursor: after}}
	c.o.Current = true
	for !c.limits.reached(c.res.Counts.Scanned) {
		told, err := capture.Changes(ctx, consumer, c.res.Cursor, o.PageItems)
		if err != nil {
			return c.res, fmt.Errorf("read changes: %w", err)
		}
		whole, err := c.page(ctx, told.Items)
		if err != nil || !whole {
			return c.res, err
		}
		c.res.Cursor = told.Next
		c.report()
		if told.Done {
			c.res.Done = true
			return c.res, nil
		}
	}
	return c.res, nil
}

// changed is one run of Changed.
type changed struct {
	pair     Pair
	capture  backends.Capture
	consumer string
	o        Options
	limits   limits
	res      Result
}

func (c *changed) report() {
	if c.o.Report != nil {
		c.o.Report(c.res)
	}
}

// page settles a page of changes, or its first items where the run is to end:
// then whole is false.
func (c *changed) page(ctx context.Context, told []backends.Change) (whole bool, err error) {
	if len(told) == 0 {
		return true, nil
	}
	items := &listed{
		glance: glance{source: c.pair.Source, items: glanceItems, most: c.o.PageItems, bytes: c.o.MemoryBytes / 4},
		ids:    distinct(told),
	}
	done, moved, err := c.sync(ctx, items)
	if err != nil {
		return false, err
	}
	settled := make(map[string]bool, done)
	for _, id := range items.ids[:done] {
		settled[id] = true
	}
	back, err := c.remove(ctx, items.goneOf(settled))
	if err != nil {
		return false, err
	}
	for _, id := range slices.Concat(moved, back) {
		settled[id] = false
	}
	return done == len(items.ids), c.acknowledge(ctx, told, settled)
}

// sync runs the pipeline over the items that are there, and returns how many of
// the ids it is done with, and which of these were changed meanwhile.
func (c *changed) sync(ctx context.Context, items *listed) (done int, moved []string, err error) {
	p, o, before := c.pair, c.o, c.res.Counts
	p.Source = items
	o.MaxItems, o.Budget = 0, c.limits.left()
	o.moved = func(ids []string) { moved = append(moved, ids...) }
	o.Report = func(did Result) {
		c.res.Counts = before
		c.res.Counts.Add(did.Counts)
		c.res.Ahead = did.Ahead
		c.report()
	}
	did, err := Forward(ctx, p, backends.Range{}, "", o)
	c.res.Counts = before
	c.res.Counts.Add(did.Counts)
	c.res.Ahead = 0
	if err != nil {
		return 0, nil, err
	}
	done, err = items.position(did.Cursor)
	return done, moved, err
}

// remove deletes the records of items that are gone, and returns the ids of those
// that came back.
func (c *changed) remove(ctx context.Context, ids []string) (back []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	g := glance{source: c.pair.Source, items: glanceItems, most: c.o.PageItems, bytes: c.o.MemoryBytes / 4}
	gone, err := g.absent(ctx, ids)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(gone))
	for _, id := range gone {
		there[id] = true
	}
	for _, id := range ids {
		if !there[id] {
			back = append(back, id)
		}
	}
	c.res.Counts.Scanned += int64(len(gone))
	stamps, err := c.pair.Target.Stamps(ctx, gone)
	if err != nil {
		return nil, fmt.Errorf("look up stamps: %w", err)
	}
	gone = slices.DeleteFunc(gone, func(id string) bool { _, has := stamps[id]; return !has })
	returned, err := removeGone(ctx, c.pair.Target, gone, c.o)
	c.res.Counts.Deleted += int64(len(gone) - len(returned))
	c.res.Counts.Moved += int64(len(back) + len(returned))
	return append(back, returned...), err
}

// acknowledge tells which changes are done with.
func (c *changed) acknowledge(ctx context.Context, told []backends.Change, settled map[string]bool) error {
	var done []backends.Change
	for _, ch := range told {
		if settled[ch.ID] {
			done = append(done, ch)
		}
	}
	if len(done) == 0 {
		return nil
	}
	err := c.o.change(ctx, func(ctx context.Context) error { return c.capture.Acknowledge(ctx, c.consumer, done) })
	if err != nil {
		return fmt.Errorf("acknowledge %d changes: %w", len(done), err)
	}
	return nil
}

// distinct are the ids of changes, each once, in their order.
func distinct(told []backends.Change) []string {
	ids := make([]string, 0, len(told))
	seen := make(map[string]struct{}, len(told))
	for _, ch := range told {
		if _, twice := seen[ch.ID]; !twice {
			seen[ch.ID] = struct{}{}
			ids = append(ids, ch.ID)
		}
	}
	return ids
}

// left is what is left of the budget; 0 where there is none.
func (l limits) left() time.Duration {
	if l.deadline.IsZero() {
		return 0
	}
	return max(time.Nanosecond, time.Until(l.deadline))
}
