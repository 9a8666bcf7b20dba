package storm

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/cmd/stand"
)

// late is how old the route may be that the second writer of a collection knows:
// it writes to the former one for as long.
const late = 3 * time.Second

func (s *storm) collectionSet(ctx context.Context, store *memory.Store, name string) error {
	cat, err := catalog.Load(filepath.Join(s.stand.Dir, stand.Catalog), func(string) (string, bool) { return "", false }, drivers(store))
	if err != nil {
		return err
	}
	m := cat.Models["elder"].Model
	spec := backends.SpecOf(m, "Articles")
	store.MakeCollection(spec.Locator, spec.Dimensions, spec.Metric)
	if _, err := store.Collections(name).Adopt(ctx, spec); err != nil {
		return err
	}
	_, err = route.Swap(ctx, store.Registry(), 0, route.Route{
		Namespace: name, Generation: 1, Locator: spec.Locator, Model: spec.Model,
		Fingerprint: spec.Fingerprint, Dimensions: spec.Dimensions, Metric: spec.Metric,
	})
	if err != nil {
		return err
	}
	set := s.newSet(name, &memoryView{store, name, ""})
	set.readers = []searcher{newGoReader(name, store.Registry(), store.Collections(name))}
	pens := []*pen{{tally: s.tally, store: store, namespace: name, patience: routeAge}, {tally: s.tally, store: store, namespace: name, patience: late}}
	if err := set.anchor(ctx, pens[0]); err != nil {
		return err
	}
	for _, p := range pens {
		if err := set.newWriter(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// pen is an application of a self-contained namespace: it embeds itself, and
// writes text, payload and vector to the collection of the route that it knows.
type pen struct {
	tally     *tally
	store     *memory.Store
	namespace string
	patience  time.Duration // how old that route may be

	mu   sync.Mutex
	now  route.Route
	read time.Time
}

// follow reads the route.
func (p *pen) follow(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, err := route.Get(ctx, p.store.Registry(), p.namespace)
	if err == nil {
		p.now, p.read = now, time.Now()
	}
	return err
}

// at is where to write, and by which model. A collection that is gone has a successor.
func (p *pen) at(ctx context.Context) (*memory.Writer, string, error) {
	for again := range 2 {
		p.mu.Lock()
		now, old := p.now, time.Since(p.read) > p.patience
		p.mu.Unlock()
		if old || again > 0 {
			if err := p.follow(ctx); err != nil {
				return nil, "", err
			}
			p.mu.Lock()
			now = p.now
			p.mu.Unlock()
		}
		w, err := p.store.Writer(ctx, now.Locator)
		if !errors.Is(err, backends.ErrNotFound) {
			return w, now.Model, err
		}
	}
	return nil, "", fmt.Errorf("%w: the collection of the route", backends.ErrNotFound)
}

func (p *pen) shows(ctx context.Context, id string, c content) (bool, error) {
	w, _, err := p.at(ctx)
	if err != nil {
		return false, err
	}
	got, err := w.Fetch(ctx, id)
	return err == nil && len(got) == 1 && got[0].Text == c.text && string(got[0].Payload) == c.payload, err
}

// open is at, for a write, which is counted where it comes late.
func (p *pen) open(ctx context.Context) (*memory.Writer, string, error) {
	w, model, err := p.at(ctx)
	if err != nil {
		return nil, "", err
	}
	now, err := route.Get(ctx, p.store.Registry(), p.namespace)
	if err == nil && now.Model != model {
		p.tally.late()
	}
	return w, model, err
}

func (p *pen) put(ctx context.Context, id string, c content) error {
	w, model, err := p.open(ctx)
	if err != nil {
		return err
	}
	v, err := vector(model, c.text)
	if err != nil {
		return err
	}
	return w.Upsert(ctx, backends.Record{ID: id, Text: c.text, Payload: []byte(c.payload), Vector: v})
}

// edit replaces the record, or changes what is another of it.
func (p *pen) edit(ctx context.Context, way int, id string, c content) error {
	w, model, err := p.open(ctx)
	if err != nil {
		return err
	}
	v, err := vector(model, c.text)
	if err != nil {
		return err
	}
	if way%2 == 0 {
		return w.Upsert(ctx, backends.Record{ID: id, Text: c.text, Payload: []byte(c.payload), Vector: v})
	}
	return w.Patch(ctx, id, func(r *backends.Record) {
		r.Text, r.Payload, r.Vector = c.text, []byte(c.payload), v
	})
}

func (p *pen) remove(ctx context.Context, id string) error {
	w, _, err := p.open(ctx)
	if err != nil {
		return err
	}
	return w.Delete(ctx, id)
}
