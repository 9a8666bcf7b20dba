package storm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// How a writer writes: a set has two, and a burst is a second's worth of twenty.
const (
	writersOfSet = 2
	writeEvery   = 300 * time.Millisecond
	burstOf      = 40
	writeWithin  = 2 * time.Minute // a store that is locked so long is lost
)

// writer changes items of its own, so that it knows what each of them is. Anchors
// it never touches.
type writer struct {
	set   *set
	app   application
	name  string
	rng   *rand.Rand
	there []string // ids of its items
	gone  []string // of those that it deleted
	next  int
	burst chan struct{}
}

// newWriter has written the first items of its own.
func (s *set) newWriter(ctx context.Context, app application) error {
	n := len(s.writers)
	w := &writer{
		set: s, app: app, name: fmt.Sprintf("w%d", n),
		rng: rand.New(rand.NewPCG(s.storm.seed, uint64(n))), burst: make(chan struct{}, 1),
	}
	s.writers = append(s.writers, w)
	for range 2 * fewest {
		if err := w.insert(ctx); err != nil {
			return err
		}
	}
	return nil
}

// run writes until the context ends. A write that was begun is ended, so that the
// book knows what became of it.
func (w *writer) run(ctx context.Context) error {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		n := 1
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-w.burst:
			n = burstOf
		}
		for range n {
			if err := w.one(ctx); err != nil {
				return fmt.Errorf("writer %s of %s: %w", w.name, w.set.name, err)
			}
		}
	}
}

func (w *writer) one(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	w.set.rest.RLock()
	defer w.set.rest.RUnlock()
	op := w.choose()
	if err := op.do(w, ctx); err != nil {
		return err
	}
	w.set.storm.tally.wrote(op.name)
	return nil
}

// operation is a kind of change.
type operation struct {
	name   string
	weight int
	do     func(*writer, context.Context) error
}

// operations are what an application does. They are listed where a writer is
// made of them, as a variable would refer to itself.
func operations() []operation {
	return []operation{
		{"insert", 12, (*writer).insert},
		{"edit", 30, (*writer).edit},
		{"payload", 10, (*writer).repack},
		{"delete", 10, (*writer).remove},
		{"re-create", 10, (*writer).recreate},
		{"twin", 8, (*writer).twin},
		{"touch", 8, (*writer).touch},
		// Those of a renamer.
		{"rename", 6, (*writer).rename},
		{"roll back", 6, (*writer).abandon},
	}
}

// Bounds of a writer's items.
const (
	fewest = 40
	most   = 160
)

// choose takes the next operation: what keeps the set in its bounds goes first,
// and what the application can't do is left out.
func (w *writer) choose() operation {
	all := operations()
	switch {
	case len(w.there) < fewest:
		return all[0]
	case len(w.there) > most:
		return all[3]
	}
	if _, ok := w.app.(renamer); !ok {
		all = all[:len(all)-2]
	}
	total := 0
	for _, op := range all {
		total += op.weight
	}
	at := w.rng.IntN(total)
	for _, op := range all {
		if at -= op.weight; at < 0 {
			return op
		}
	}
	return all[0]
}

// text is one that no other item has, of words that say little.
func (w *writer) text() string {
	return fmt.Sprintf("entry of %s tells of subject%d, of matter%d and of thing%d", w.name, w.rng.Uint32(), w.rng.Uint32(), w.rng.Uint32())
}

func (w *writer) payload() string { return fmt.Sprintf(`{"page":%d}`, w.rng.IntN(1_000_000)) }

// any takes one of the ids.
func (w *writer) any(ids []string) string { return ids[w.rng.IntN(len(ids))] }

// note writes an item into the book, changes the store, and says so in the book.
func (w *writer) note(id, what string, c content, gone bool, change func() error) error {
	b := w.set.book
	b.begin(id, what, c, gone)
	if err := change(); err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	b.committed(id)
	return nil
}

func (w *writer) insert(ctx context.Context) error {
	w.next++
	id := fmt.Sprintf("%s-%05d", w.name, w.next)
	w.there = append(w.there, id)
	return w.create(ctx, id, "insert")
}

func (w *writer) create(ctx context.Context, id, what string) error {
	c := content{w.text(), w.payload()}
	return w.note(id, what, c, false, func() error { return w.app.put(ctx, id, c) })
}

// glimpse is an application that has to look before it changes an item: its last
// change may not have come to where it reads now.
type glimpse interface {
	shows(ctx context.Context, id string, c content) (bool, error)
}

// tries is how many items a writer looks at, before it makes a new one.
const tries = 5

// mine takes one of the writer's items that it sees as it wrote it; "" when it
// sees none.
func (w *writer) mine(ctx context.Context) (string, error) {
	app, looks := w.app.(glimpse)
	for range tries {
		id := w.any(w.there)
		if !looks {
			return id, nil
		}
		if ok, err := app.shows(ctx, id, w.set.book.last(id)); ok || err != nil {
			return id, err
		}
	}
	return "", nil
}

func (w *writer) change(ctx context.Context, what string, f func(*content)) error {
	id, err := w.mine(ctx)
	if err != nil {
		return err
	}
	if id == "" {
		return w.insert(ctx)
	}
	c := w.set.book.last(id)
	f(&c)
	return w.note(id, what, c, false, func() error { return w.app.edit(ctx, w.rng.IntN(1<<10), id, c) })
}

func (w *writer) edit(ctx context.Context) error {
	return w.change(ctx, "edit", func(c *content) { c.text = w.text() })
}

func (w *writer) repack(ctx context.Context) error {
	return w.change(ctx, "payload", func(c *content) { c.payload = w.payload() })
}

func (w *writer) twin(ctx context.Context) error {
	return w.change(ctx, "twin", func(c *content) { c.text = w.set.book.last(w.any(w.there)).text })
}

func (w *writer) touch(ctx context.Context) error {
	return w.change(ctx, "touch", func(*content) {})
}

func (w *writer) remove(ctx context.Context) error {
	id, err := w.mine(ctx)
	if err != nil {
		return err
	}
	if id == "" {
		return w.insert(ctx)
	}
	w.there = slices.DeleteFunc(w.there, func(other string) bool { return other == id })
	w.gone = append(w.gone, id)
	return w.note(id, "delete", content{}, true, func() error { return w.app.remove(ctx, id) })
}

// recreate brings an item back, mostly right behind its end.
func (w *writer) recreate(ctx context.Context) error {
	if len(w.gone) == 0 || w.rng.IntN(2) == 0 {
		if err := w.remove(ctx); err != nil {
			return err
		}
	}
	if len(w.gone) == 0 { // nothing could be deleted
		return nil
	}
	id := w.any(w.gone)
	w.gone = slices.DeleteFunc(w.gone, func(other string) bool { return other == id })
	w.there = append(w.there, id)
	return w.create(ctx, id, "re-create")
}

func (w *writer) rename(ctx context.Context) error {
	app, ok := w.app.(renamer)
	if !ok {
		return errors.ErrUnsupported
	}
	from := w.any(w.there)
	w.next++
	to := fmt.Sprintf("%s-%05d", w.name, w.next)
	w.there[slices.Index(w.there, from)] = to
	w.gone = append(w.gone, from)
	c := w.set.book.last(from)
	return w.note(to, "renamed", c, false, func() error {
		return w.note(from, "renamed", content{}, true, func() error { return app.rename(ctx, from, to) })
	})
}

func (w *writer) abandon(ctx context.Context) error {
	app, ok := w.app.(renamer)
	if !ok {
		return errors.ErrUnsupported
	}
	return app.abandon(ctx, w.any(w.there))
}
