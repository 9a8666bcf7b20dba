package storm

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/workflows"
)

// inMemory has a namespace of each kind: one whose texts are in a table, and whose
// generations copy payloads; and one whose texts are in the generations.
const inMemory = `
stores:
  main: {driver: memory, copies_payload: true}
namespaces:
  notes: {store: main, table: notes, capture: journal, model: elder}
  articles: {store: main, self_contained: true, model: elder}
`

// TestStormInMemory is the storm over namespaces in memory: workers are the real
// program, inside of this process.
func TestStormInMemory(t *testing.T) {
	t.Parallel()
	s := newStorm(t, inMemory)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	store, err := memory.Open(ctx, memory.Config{CopiesPayload: true})
	require.NoError(t, err)
	s.crew.hire = func() (worker, error) { return s.engage(store) }
	require.NoError(t, s.crew.muster())
	require.NoError(t, s.shelfSet(ctx, store, "notes"))
	require.NoError(t, s.collectionSet(ctx, store, "articles"))
	s.rage()
}

// drivers are the builtin ones, of which memory opens the store that is there.
func drivers(store *memory.Store) catalog.Drivers {
	all := builtin.Drivers()
	mem := all.Stores["memory"]
	mem.Store = func(f *catalog.Fields) func(context.Context) (catalog.Store, error) {
		f.Bool("copies_payload")
		return func(context.Context) (catalog.Store, error) { return opened{store}, nil }
	}
	mem.Namespace = func(f *catalog.Fields) (any, string) {
		if f.Bool("self_contained") {
			return "", ""
		}
		f.OneOf("capture", memory.Captures...)
		table := f.String("table")
		return table, table
	}
	all.Stores["memory"] = mem
	return all
}

// opened is a store that outlives who opened it.
type opened struct{ *memory.Store }

func tableOf(ns catalog.Namespace) string {
	table, _ := ns.Options.(string)
	return table
}

func (o opened) Source(ns catalog.Namespace) (backends.Source, error) {
	return o.Store.Table(memory.Table{Name: tableOf(ns), Capture: "journal"}), nil
}

func (o opened) Index(ns catalog.Namespace) (backends.Index, error) {
	if table := tableOf(ns); table != "" {
		return prompt{o.Store.Index(ns.Name).Over(table)}, nil
	}
	return prompt{o.Collections(ns.Name)}, nil
}

// prompt declares what is so in memory: a write that its worker did not live to
// see lands soon, or never. What waits for it need not wait for a minute.
type prompt struct{ backends.Index }

func (p prompt) Traits() backends.IndexTraits {
	traits := p.Index.Traits()
	traits.WriteTimeout = time.Second
	return traits
}

func (p prompt) Unwrap() any { return p.Index }

func (o opened) Registry() (backends.Registry, error) { return o.Store.Registry(), nil }

// everything is a page of all that there is.
var everything = backends.PageLimit{Items: 100_000}

// memoryView looks through the roles: the store has nothing below them.
type memoryView struct {
	store     *memory.Store
	namespace string
	table     string // "": the namespace is self-contained
}

func (v *memoryView) index() backends.Index {
	if v.table == "" {
		return v.store.Collections(v.namespace)
	}
	return v.store.Index(v.namespace)
}

func (v *memoryView) active(ctx context.Context) (snapshot, error) {
	now, err := route.Get(ctx, v.store.Registry(), v.namespace)
	if err != nil {
		return snapshot{}, err
	}
	return v.shot(ctx, now.Locator)
}

func (v *memoryView) standby(ctx context.Context, model string) (snapshot, bool, error) {
	specs, err := v.index().Generations(ctx)
	if err != nil {
		return snapshot{}, false, err
	}
	for _, spec := range specs {
		if spec.Model == model {
			shot, err := v.shot(ctx, spec.Locator)
			return shot, true, err
		}
	}
	return snapshot{}, false, nil
}

func (v *memoryView) shot(ctx context.Context, locator string) (snapshot, error) {
	g, err := v.index().Open(ctx, locator)
	if err != nil {
		return snapshot{}, err
	}
	spec := g.Spec()
	s := snapshot{
		locator: locator, model: spec.Model, fingerprint: spec.Fingerprint, copies: true, unstamped: v.table == "",
		items: map[string]content{}, records: map[string]record{},
	}
	source := backends.Source(v.store.Source(v.table))
	if v.table == "" {
		if source, err = v.store.Collections(v.namespace).Items(ctx, locator); err != nil {
			return s, err
		}
	}
	items, err := source.ReadPage(ctx, backends.Range{}, "", everything)
	if err != nil {
		return s, err
	}
	for _, it := range items.Items {
		s.items[it.ID] = content{it.Text, string(it.Payload)}
	}
	stamps, err := g.ReadStamps(ctx, backends.Range{}, "", everything)
	if err != nil {
		return s, err
	}
	var ids []string
	for _, stamped := range stamps.Items {
		ids = append(ids, stamped.ID)
	}
	records, err := g.Fetch(ctx, ids)
	for _, r := range records {
		s.records[r.ID] = record{r.Stamp.String(), r.Vector, string(r.Payload)}
	}
	return s, err
}

// shelf is an application's table in memory.
type shelf struct{ *memory.Source }

func (a shelf) put(ctx context.Context, id string, c content) error {
	return a.PutItems(ctx, []backends.Item{{ID: id, Text: c.text, Payload: []byte(c.payload)}})
}

func (a shelf) edit(ctx context.Context, _ int, id string, c content) error { return a.put(ctx, id, c) }

func (a shelf) remove(ctx context.Context, id string) error {
	return a.DeleteItems(ctx, []string{id})
}

func (s *storm) shelfSet(ctx context.Context, store *memory.Store, name string) error {
	set := s.newSet(name, &memoryView{store, name, name})
	set.readers = []searcher{newGoReader(name, store.Registry(), store.Index(name))}
	app := shelf{store.Source(name)}
	if err := set.anchor(ctx, app); err != nil {
		return err
	}
	for range writersOfSet {
		if err := set.newWriter(ctx, app); err != nil {
			return err
		}
	}
	return set.move(ctx, workflows.Request{To: "elder"})
}
