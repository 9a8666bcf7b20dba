package catalog

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Fields reads the keys of one mapping of the file strictly. Drivers get one to
// read their keys of a store, an embedder or a namespace. Whatever is wrong is
// noted with its file, line and key, and reading goes on with zero values, so
// that one look finds every problem. A key that nobody asked for is a problem.
type Fields struct {
	doc    *document
	key    string // the way to this mapping
	line   int
	order  []string
	values map[string]*yaml.Node
	lines  map[string]int
	known  map[string]bool // keys that were asked for
	void   bool            // no mapping at all, and reported as such
	inner  []*Fields       // mappings below this one, read by Mapping
	ended  bool            // finish was called
}

// fields returns the reader of a mapping. What is none is reported and read as empty.
func (d *document) fields(n *yaml.Node, key string, line int) *Fields {
	f := &Fields{doc: d, key: key, line: line, values: map[string]*yaml.Node{}, lines: map[string]int{}, known: map[string]bool{}}
	switch {
	case n == nil || d.broken[n]:
		f.void = true
		return f
	case n.Kind != yaml.MappingNode:
		f.void = true
		d.report(line, key, "is not a mapping: write its keys and values below it, or in braces")
		return f
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Value == "" || k.ShortTag() == "!!merge" || f.values[k.Value] != nil {
			continue // reported by walk
		}
		f.order = append(f.order, k.Value)
		f.values[k.Value], f.lines[k.Value] = v, k.Line
	}
	return f
}

// Problem reports that the key's value is wrong; say what to do. What came from
// a variable is shown as the variable.
func (f *Fields) Problem(key, format string, args ...any) {
	f.doc.report(f.at(key), below(f.key, key), fmt.Sprintf(format, args...))
}

// Later refuses a key that is part of the design but of no released version yet.
func (f *Fields) Later(key string) {
	if f.values[key] != nil {
		f.known[key] = true
		f.Problem(key, "is not yet supported: remove it")
	}
}

// Path reads a path; a relative one is relative to the catalog's file.
func (f *Fields) Path(key string) string {
	p := f.String(key)
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(f.doc.file), p)
}

// Has reports whether the key stands in the file.
func (f *Fields) Has(key string) bool { return f.values[key] != nil }

// Need reports a problem unless the key stands in the file.
func (f *Fields) Need(keys ...string) {
	for _, key := range keys {
		f.ask(key)
		if f.values[key] == nil && !f.void {
			f.doc.report(f.line, f.key, "has no "+key+": add it")
		}
	}
}

// Mapping reads a key whose value is a mapping of its own; nil where there is
// none. Its keys are held to the same strictness.
func (f *Fields) Mapping(key string) *Fields {
	m := f.mapping(key)
	if m != nil {
		f.inner = append(f.inner, m)
	}
	return m
}

// mapping is Mapping for a section or an entry, whose reader calls finish itself:
// it may find that it does not know which keys there are.
func (f *Fields) mapping(key string) *Fields {
	f.ask(key)
	n := f.values[key]
	if n == nil {
		return nil
	}
	return f.doc.fields(n, below(f.key, key), f.lines[key])
}

// entries reads a section: named mappings, in the file's order.
func (f *Fields) entries() []*Fields {
	out := make([]*Fields, 0, len(f.order))
	for _, name := range f.order {
		out = append(out, f.mapping(name))
	}
	return out
}

// finish reports the keys that nobody asked for, here and in the mappings below,
// once.
func (f *Fields) finish() {
	if f.ended {
		return
	}
	f.ended = true
	for _, key := range f.order {
		if !f.known[key] {
			known := slices.Sorted(maps.Keys(f.known))
			f.Problem(key, "unknown key; known here: %s", strings.Join(known, ", "))
		}
	}
	for _, m := range f.inner {
		m.finish()
	}
}

func (f *Fields) ask(key string) { f.known[key] = true }

func (f *Fields) at(key string) int {
	if line, ok := f.lines[key]; ok {
		return line
	}
	return f.line
}
