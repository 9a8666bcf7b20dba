package catalog

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// String reads a text; "" where the key is absent. An empty value is a problem:
// leave the key out instead.
func (f *Fields) String(key string) string {
	s, ok := f.scalar(key, "text", "!!str")
	if ok && s == "" {
		f.Problem(key, "is empty: give it a value, or remove it")
	}
	return s
}

// Secret reads a text that has to come from a variable, at least in part: a
// secret has no place in the file. "" where the key is absent.
func (f *Fields) Secret(key string) string {
	s := f.String(key)
	if s == "" {
		return ""
	}
	if _, named, _ := expand(f.values[key].Value, func(string) (string, bool) { return "", true }); !named {
		f.Problem(key, "is a secret: put it into an environment variable, and write ${NAME} here")
		return ""
	}
	return s
}

// Texts reads a mapping of texts, whose keys may be any; nil where the key is absent.
func (f *Fields) Texts(key string) map[string]string {
	m := f.mapping(key)
	if m == nil {
		return nil
	}
	texts := make(map[string]string, len(m.order))
	for _, name := range m.order {
		texts[name] = m.String(name)
	}
	return texts
}

// List reads a list of texts; nil where the key is absent.
func (f *Fields) List(key string) []string {
	f.ask(key)
	n := f.values[key]
	switch {
	case n == nil || f.doc.broken[n]:
		return nil
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		f.Problem(key, "is not a list of texts: write it like [one, two]")
		return nil
	}
	texts := make([]string, 0, len(n.Content))
	for i, c := range n.Content {
		name := below(key, strconv.Itoa(i))
		switch text, ok := f.text(c); {
		case ok:
			texts = append(texts, text)
		case !f.doc.broken[c]:
			f.doc.report(c.Line, below(f.key, name), "is not text: put it in quotes")
		}
	}
	return texts
}

// text is a node's text, with its variables filled in.
func (f *Fields) text(n *yaml.Node) (string, bool) {
	if filled, ok := f.doc.values[n]; ok {
		return filled, !f.doc.broken[n]
	}
	return n.Value, n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && !f.doc.broken[n]
}

// OneOf reads a text that has to be one of some; the first where the key is absent.
func (f *Fields) OneOf(key string, allowed ...string) string {
	s, ok := f.scalar(key, "text", "!!str")
	switch {
	case !ok:
		return allowed[0]
	case !slices.Contains(allowed, s):
		f.Problem(key, "%s is none of %s", f.quote(key), strings.Join(allowed, ", "))
		return allowed[0]
	}
	return s
}

// Bool reads true or false; false where the key is absent.
func (f *Fields) Bool(key string) bool {
	s, ok := f.scalar(key, "true or false", "!!bool")
	if !ok {
		return false
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		f.Problem(key, "%s is neither true nor false", f.quote(key))
	}
	return b
}

// Int reads a whole number of a closed interval; 0 where the key is absent.
func (f *Fields) Int(key string, least, most int) int {
	s, ok := f.scalar(key, "a whole number", "!!int")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		f.Problem(key, "%s is not a whole number", f.quote(key))
		return 0
	case n < least || n > most:
		f.Problem(key, "%s is not between %d and %d", f.quote(key), least, most)
		return 0
	}
	return n
}

// Float reads a number of a closed interval; 0 where the key is absent.
func (f *Fields) Float(key string, least, most float64) float64 {
	s, ok := f.scalar(key, "a number", "!!float", "!!int")
	if !ok {
		return 0
	}
	x, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsNaN(x) || math.IsInf(x, 0):
		f.Problem(key, "%s is not a number", f.quote(key))
		return 0
	case x < least || x > most:
		f.Problem(key, "%s is not between %g and %g", f.quote(key), least, most)
		return 0
	}
	return x
}

// Duration reads a span of time like 40ms or 1m30s, not negative; 0 where the
// key is absent.
func (f *Fields) Duration(key string) time.Duration {
	s, ok := f.scalar(key, "a span of time like 40ms", "!!str")
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		f.Problem(key, "%s is not a span of time: write it like 40ms, 30s or 1m30s", f.quote(key))
		return 0
	}
	return d
}

// scalar returns the key's value with its variables filled in, if it is there
// and of one of the kinds of YAML. A variable's value is of every kind.
func (f *Fields) scalar(key, want string, tags ...string) (string, bool) {
	f.ask(key)
	n := f.values[key]
	switch {
	case n == nil || f.doc.broken[n]:
		return "", false
	case n.Kind != yaml.ScalarNode:
		f.Problem(key, "is not %s", want)
		return "", false
	case n.ShortTag() == "!!null":
		f.Problem(key, "has no value: give it one, or remove it")
		return "", false
	}
	if filled, ok := f.doc.values[n]; ok {
		return filled, true
	}
	if !slices.Contains(tags, n.ShortTag()) {
		advice := ""
		switch quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0; {
		case tags[0] == "!!str":
			advice = ": put it in quotes"
		case quoted:
			advice = ": write it without quotes"
		}
		f.Problem(key, "%s is not %s%s", f.quote(key), want, advice)
		return "", false
	}
	return n.Value, true
}

// quote shows a value as it stands in the file, with its variables unread.
func (f *Fields) quote(key string) string {
	const most = 60
	raw := []rune(f.values[key].Value)
	if len(raw) > most {
		raw = append(raw[:most], []rune("...")...)
	}
	return strconv.Quote(string(raw))
}
