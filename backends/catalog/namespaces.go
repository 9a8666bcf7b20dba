package catalog

import (
	"fmt"
	"maps"
	"slices"
)

// registry reads which store keeps the registry; without the key it is each
// namespace's own.
func (l *loader) registry(root *Fields) {
	f := root.mapping("registry")
	if f == nil {
		return
	}
	l.shared = true
	name, ok := l.refer(f, "store", "stores")
	f.finish()
	if !ok {
		return
	}
	l.catalog.Registry = name
	if s, ok := l.catalog.Stores[name]; ok && !l.drivers.Stores[s.Driver].KeepsRegistry {
		f.Problem("store", "a store of driver %s can't keep the registry: name another", s.Driver)
	}
}

func (l *loader) namespace(name string, f *Fields) {
	for _, key := range []string{"source", "index"} {
		f.Later(key)
	}
	ns := Namespace{Name: name, Golden: l.golden(f), Publish: f.String("publish"), Hooks: hooks(f), Writes: Writes(f.OneOf("writes", string(WritesText), string(WritesVectors)))}
	ns.Model, _ = l.refer(f, "model", "models")
	ns.Store, _ = l.refer(f, "store", "stores")
	spec, ok := l.catalog.Stores[ns.Store]
	if !ok {
		return // its driver is unknown, and with it which keys there are
	}
	driver := l.drivers.Stores[spec.Driver]
	if !l.shared && !driver.KeepsRegistry {
		f.Problem("store", "a store of driver %s can't keep the registry: add registry: {store: NAME} to the catalog", spec.Driver)
	}
	ns.Options, ns.table = driver.Namespace(f)
	l.checkPublish(f, ns, spec.Driver, driver)
	l.catalog.Namespaces[name] = ns
	f.finish()
}

func (l *loader) golden(f *Fields) *Golden {
	g := f.Mapping("golden")
	if g == nil {
		return nil
	}
	g.Need("queries", "qrels")
	golden := &Golden{
		Queries: g.Path("queries"), Qrels: g.Path("qrels"),
		MinNDCG: g.Float("min_ndcg", 0, 1), MaxDrop: g.Float("max_drop", 0, 1),
	}
	g.finish()
	return golden
}

// warn notes what is allowed and rarely meant.
func (l *loader) warn() {
	tables := map[[2]string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.catalog.Namespaces)) {
		ns := l.catalog.Namespaces[name]
		if ns.Publish != "" {
			l.doubt("namespaces."+name, PublishWarning(ns.Publish))
		}
		at := [2]string{ns.Store, ns.table}
		if first, ok := tables[at]; ok && ns.table != "" {
			l.doubt("namespaces."+name, fmt.Sprintf("has the same store and table as namespace %s: each embeds and searches for itself", first))
			continue
		}
		tables[at] = name
	}
	prints := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.catalog.Models)) {
		made := l.catalog.Models[name].Fingerprint()
		if first, ok := prints[made]; ok {
			l.doubt("models."+name, fmt.Sprintf("makes the same vectors as model %s: there is nothing to re-embed between them", first))
			continue
		}
		prints[made] = name
	}
}

func (l *loader) doubt(key, text string) {
	l.catalog.Warnings = append(l.catalog.Warnings, Problem{File: l.file, Line: l.lines[key], Key: key, Text: text})
}
