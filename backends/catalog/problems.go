package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Problem is one thing that is wrong, or only doubtful, in a catalog file.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"`          // from 1; 0: the file as a whole
	Key  string `json:"key,omitempty"` // the way to it: "models.hashing-256.dimensions"
	Text string `json:"text"`          // what is wrong, and what to do; never the value of a variable
}

func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems is the error of a catalog file: all that is wrong with it, one a
// line, in the file's order. It is a [backends.ErrInvalidInput].
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes errors.Is(err, backends.ErrInvalidInput) true.
func (p Problems) Unwrap() error { return backends.ErrInvalidInput }

func (p Problems) sort() {
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
}
