package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// sides are the collections of a self-contained namespace that a run works
// between; nil where the items live outside. Where both are one, the run makes
// the vectors of a collection right that applications write.
type sides struct {
	from, to         backends.Collection
	fromName, toName string // locators
	// known is what a merge has seen of each item, nil where the run looks itself.
	known map[string]sight
}

// sight is what was seen of an item on both sides.
type sight struct {
	from  string        // revision of the record that the item was read from; "" when it changed since
	over  string        // revision of the target's record; "": there was none
	base  backends.Base // of the target's record
	based bool          // both sides know each other in this version
}

func (p Pair) sides(known map[string]sight) (*sides, error) {
	if p.Collection == nil {
		return nil, nil
	}
	s := &sides{fromName: p.Collection.Spec().Locator, toName: p.Target.Spec().Locator, known: known}
	var err error
	if s.from, err = collectionOf(p.Collection); err == nil {
		s.to, err = collectionOf(p.Target)
	}
	return s, err
}

func collectionOf(g backends.Generation) (backends.Collection, error) {
	c, ok := backends.As[backends.Collection](g)
	if !ok {
		return nil, fmt.Errorf("%w: generation %s does not hold its items", backends.ErrUnsupported, g.Spec().Locator)
	}
	return c, nil
}

// same: the source and the target are one collection.
func (s *sides) same() bool { return s != nil && s.fromName == s.toName }

// parted: they are two, and keep bases of each other.
func (s *sides) parted() bool { return s != nil && s.fromName != s.toName }

// guarded: applications write the target, and only what was seen is written over.
func (s *sides) guarded() bool { return s.same() || s != nil && s.known != nil }

// look sees the items on both sides. Of one collection those that changed since
// they were read are left out.
func (s *sides) look(ctx context.Context, items []backends.Item, ids []string) (map[string]sight, error) {
	if s == nil || s.known != nil {
		return s.given(), nil
	}
	from, err := s.from.Held(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look at the source's records: %w", err)
	}
	to := from
	if s.parted() {
		if to, err = s.to.Held(ctx, ids); err != nil {
			return nil, fmt.Errorf("look at the target's records: %w", err)
		}
	}
	seen := make(map[string]sight, len(items))
	for i := range items {
		id := items[i].ID
		f, there := from[id]
		there = there && f.Version == backends.VersionOf(items[i])
		if s.same() && !there {
			continue
		}
		t := to[id]
		now := sight{over: t.Revision, base: t.Base}
		if there {
			now.from = f.Revision
			now.based = f.Untouched(s.toName) && t.Untouched(s.fromName)
		}
		seen[id] = now
	}
	return seen, nil
}

func (s *sides) given() map[string]sight {
	if s == nil {
		return nil
	}
	return s.known
}

// base is what the target's record is written with.
func (s *sides) base(d dirty) backends.Base {
	switch {
	case s.parted():
		return backends.Base{With: s.fromName, Version: versionOf(d.stamp)}
	case s != nil:
		return d.sight.base
	}
	return backends.Base{}
}

// versionOf is the version that a stamp of a collection names.
func versionOf(s backends.Stamp) backends.Version {
	return backends.Version{Content: s.Content, Payload: s.Payload}
}

// agree has the source keep that the target's records of these items are equal to
// its own; and the target, unless they were just written, base and all.
func (w *writer) agree(ctx context.Context, alike []dirty, written bool) error {
	if !w.sides.parted() || len(alike) == 0 {
		return nil
	}
	from, to := bases{}, bases{}
	for _, d := range alike {
		from.add(d.item.ID, d.sight.from, backends.Base{With: w.sides.toName, Version: versionOf(d.stamp)})
		to.add(d.item.ID, d.sight.over, backends.Base{With: w.sides.fromName, Version: versionOf(d.stamp)})
	}
	if !written {
		if err := to.set(ctx, w.sides.to, w.o); err != nil {
			return err
		}
	}
	return from.set(ctx, w.sides.from, w.o)
}

// disown has the source forget that the target had these items: they are taken
// out of it, and nobody must take that for a deletion of an application's.
func (w *writer) disown(ctx context.Context, refused []dirty) error {
	if !w.sides.parted() {
		return nil
	}
	var from bases
	for _, d := range refused {
		from.add(d.item.ID, d.sight.from, backends.Base{})
	}
	return from.set(ctx, w.sides.from, w.o)
}

// bases are to be written to one side.
type bases struct {
	base map[string]backends.Base
	seen map[string]string
}

func (b *bases) add(id, revision string, base backends.Base) {
	if revision == "" {
		return
	}
	if b.base == nil {
		b.base, b.seen = map[string]backends.Base{}, map[string]string{}
	}
	b.base[id], b.seen[id] = base, revision
}

func (b *bases) set(ctx context.Context, c backends.Collection, o Options) error {
	if len(b.base) == 0 {
		return nil
	}
	err := o.change(ctx, func(ctx context.Context) error { return c.SetBases(ctx, b.base, b.seen) })
	if err != nil {
		return fmt.Errorf("write %d bases: %w", len(b.base), err)
	}
	return nil
}
