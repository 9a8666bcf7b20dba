package catalog

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// document is a parsed file on its way to a Catalog: its tree, its scalars with
// variables filled in, and what was found wrong so far.
type document struct {
	file     string
	problems Problems
	values   map[*yaml.Node]string // scalars that name variables, filled in
	broken   map[*yaml.Node]bool   // scalars that were complained about already
	filled   map[string]string     // values of variables, and the variables' names
	// variables are the names of all that were looked up.
	variables map[string]bool
}

// parse reads the tree, and refuses of YAML what a catalog has no use for:
// several documents, anchors, merges, tags and doubled keys. The root is nil
// when there is nothing to go on with.
func parse(file string, raw []byte, getenv func(string) (string, bool)) (*document, *yaml.Node) {
	d := &document{file: file, values: map[*yaml.Node]string{}, broken: map[*yaml.Node]bool{}, filled: map[string]string{}, variables: map[string]bool{}}
	lookup := getenv
	getenv = func(name string) (string, bool) {
		v, ok := lookup(name)
		d.variables[name] = true
		if len(v) >= minRedacted {
			d.filled[v] = name
		}
		return v, ok
	}
	var tree yaml.Node
	if err := yaml.Load(raw, &tree); err != nil {
		d.syntax(err)
		return d, nil
	}
	if len(tree.Content) != 1 || tree.Content[0].Kind != yaml.MappingNode {
		d.report(tree.Line, "", "is not a mapping: a catalog has the keys stores, embedders, models and namespaces")
		return d, nil
	}
	root := tree.Content[0]
	d.walk(root, "", getenv)
	return d, root
}

// syntax reports what the YAML library refused.
func (d *document) syntax(err error) {
	var one *yaml.LoadError
	if errors.As(err, &one) && one.Mark.Line > 0 {
		d.report(one.Mark.Line, "", "is not YAML: "+one.Message)
		return
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "no documents"):
		d.report(0, "", "is empty: a catalog has the keys stores, embedders, models and namespaces")
	case strings.Contains(text, "found multiple"):
		d.report(0, "", "holds more than one YAML document: leave one")
	default:
		d.report(0, "", "is not YAML: "+text)
	}
}

// minRedacted is the length from which a value is looked for in messages: a
// shorter one stands in any text by chance, and is no secret.
const minRedacted = 4

// report notes a problem. Drivers that quote what they refuse get the names of
// variables in place of their values.
func (d *document) report(line int, key, text string) {
	for value, name := range d.filled {
		quoted := strconv.Quote(value)
		text = strings.ReplaceAll(text, value, "${"+name+"}")
		text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "${"+name+"}")
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Key: key, Text: text})
}

// walk checks a node and all below it, and fills in the variables of its scalars.
func (d *document) walk(n *yaml.Node, key string, getenv func(string) (string, bool)) {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		d.report(n.Line, key, "anchors and aliases are not supported: write the value out")
		d.broken[n] = true
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		d.walkMapping(n, key, getenv)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			d.walk(c, below(key, strconv.Itoa(i)), getenv)
		}
	case yaml.ScalarNode:
		if !strings.HasPrefix(n.ShortTag(), "!!") {
			d.report(n.Line, key, "tags are not supported: write a plain value")
			d.broken[n] = true
			return
		}
		value, used, errs := expand(n.Value, getenv)
		for _, err := range errs {
			d.report(n.Line, key, err.Error())
			d.broken[n] = true
		}
		if used || value != n.Value {
			d.values[n] = value
		}
	}
}

func (d *document) walkMapping(n *yaml.Node, key string, getenv func(string) (string, bool)) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.ShortTag() == "!!merge":
			d.report(k.Line, below(key, k.Value), "merges are not supported: write the keys out")
			continue
		case k.Kind != yaml.ScalarNode || k.Value == "":
			d.report(k.Line, key, "has a key that is not a word")
			continue
		case first[k.Value] > 0:
			d.report(k.Line, below(key, k.Value), "stands here a second time, first in line "+strconv.Itoa(first[k.Value])+": remove one")
			d.broken[v] = true
			continue
		}
		first[k.Value] = k.Line
		d.walk(v, below(key, k.Value), getenv)
	}
}

func below(key, part string) string {
	if key == "" {
		return part
	}
	return key + "." + part
}
