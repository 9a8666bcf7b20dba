package catalog

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Load reads and checks a catalog file. Nothing is opened. getenv looks up the
// variables that the file names, os.LookupEnv in programs. An error about the
// file's contents is a [Problems] with everything that is wrong.
func Load(path string, getenv func(string) (string, bool), d Drivers) (*Catalog, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	return read(path, raw, getenv, d)
}

// The names that entries may have: they become parts of workflow ids, of names
// of tables and of metrics. Models may also be named as providers name them.
var (
	entryName = nameRule{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`), "letters, digits and . _ -, at most 100"}
	modelName = nameRule{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}$`), "letters, digits and . _ - / : @ +, at most 200"}
)

type nameRule struct {
	*regexp.Regexp
	says string
}

type loader struct {
	*document
	drivers Drivers
	catalog *Catalog
	// declared holds the names of each section, also of entries with problems,
	// so that these are not reported once more by those who refer to them.
	declared map[string][]string
	lines    map[string]int // of entries, by the way to them
	shared   bool           // the file has a registry key
}

func read(file string, raw []byte, getenv func(string) (string, bool), d Drivers) (*Catalog, error) {
	doc, tree := parse(file, raw, getenv)
	l := &loader{
		document: doc, drivers: d, declared: map[string][]string{}, lines: map[string]int{},
		catalog: &Catalog{
			File: file, Stores: map[string]StoreSpec{}, Embedders: map[string]EmbedderSpec{},
			Models: map[string]ModelSpec{}, Namespaces: map[string]Namespace{},
		},
	}
	if tree != nil {
		root := doc.fields(tree, "", 1)
		l.section(root, "stores", entryName, l.store)
		l.section(root, "embedders", entryName, l.embedder)
		l.section(root, "models", modelName, l.model)
		l.registry(root)
		l.section(root, "namespaces", entryName, l.namespace)
		root.finish()
	}
	if len(doc.problems) > 0 {
		doc.problems.sort()
		return nil, doc.problems
	}
	l.catalog.Variables = slices.Sorted(maps.Keys(doc.variables))
	l.warn()
	return l.catalog, nil
}

// section reads the entries of a section, each with the reader of its kind.
func (l *loader) section(root *Fields, key string, rule nameRule, entry func(name string, f *Fields)) {
	section := root.mapping(key)
	switch {
	case section == nil:
		l.report(0, key, "is missing: a catalog has the keys stores, embedders, models and namespaces")
		return
	case l.broken[root.values[key]]:
		return
	case len(section.order) == 0:
		if root.values[key].ShortTag() != "!!str" {
			l.report(section.line, key, "has no entry: add one")
		}
		return
	}
	l.declared[key] = section.order
	for _, f := range section.entries() {
		name := strings.TrimPrefix(f.key, key+".")
		l.lines[f.key] = f.line
		if !rule.MatchString(name) {
			l.report(f.line, f.key, "is not a name of an entry: use "+rule.says+", a letter or digit first")
		}
		entry(name, f)
	}
}

// refer reads a key that names an entry of a section. ok says that it can be
// looked up in the catalog.
func (l *loader) refer(f *Fields, key, section string) (name string, ok bool) {
	f.Need(key)
	name = f.String(key)
	if name == "" {
		return "", false
	}
	if !slices.Contains(l.declared[section], name) {
		f.Problem(key, "%s is not in %s; it has %s", f.quote(key), section, list(l.declared[section]))
		return "", false
	}
	return name, true
}

func (l *loader) store(name string, f *Fields) {
	driver, ok := pick(f, l.drivers.Stores)
	if !ok {
		return
	}
	spec := StoreSpec{Name: name, Driver: f.String("driver"), Open: driver.Store(f)}
	if driver.Exists != nil {
		spec.Exists = driver.Exists(f)
	}
	l.catalog.Stores[name] = spec
	f.finish()
}

func (l *loader) embedder(name string, f *Fields) {
	driver, ok := pick(f, l.drivers.Embedders)
	if !ok {
		return
	}
	l.catalog.Embedders[name] = EmbedderSpec{Name: name, Driver: f.String("driver"), Open: driver.Embedder(f)}
	f.finish()
}

// pick reads the driver of an entry.
func pick[T any](f *Fields, drivers map[string]T) (T, bool) {
	f.Need("driver")
	name := f.String("driver")
	d, ok := drivers[name]
	if !ok && name != "" {
		f.Problem("driver", "%s is no driver; there are %s", f.quote("driver"), list(slices.Sorted(maps.Keys(drivers))))
	}
	return d, ok
}

func (l *loader) model(name string, f *Fields) {
	embedder, _ := l.refer(f, "embedder", "embedders")
	f.Need("dimensions")
	m := backends.Model{
		Name:                  name,
		Driver:                l.catalog.Embedders[embedder].Driver,
		ProviderModel:         f.String("provider_model"),
		Dimensions:            f.Int("dimensions", 1, backends.MaxDimensions),
		Metric:                backends.Metric(f.OneOf("metric", string(backends.Cosine), string(backends.Dot), string(backends.Euclidean))),
		Normalized:            f.Bool("normalized"),
		DocumentPrefix:        f.String("document_prefix"),
		QueryPrefix:           f.String("query_prefix"),
		Revision:              f.String("revision"),
		MaxInputTokens:        f.Int("max_input_tokens", 1, 1<<30),
		PricePerMillionTokens: f.Float("price_per_million_tokens", 0, 1e9),
	}
	if m.ProviderModel == "" {
		m.ProviderModel = name
	}
	l.catalog.Models[name] = ModelSpec{Model: m, Embedder: embedder}
	f.finish()
}

func list(names []string) string {
	const most = 20
	switch n := len(names); {
	case n == 0:
		return "no entry"
	case n > most:
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}
