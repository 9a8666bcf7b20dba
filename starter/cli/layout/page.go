package layout

import (
	"fmt"
	"io"
	"strings"
)

// gap stands between two columns.
const gap = "  "

// Page is what a command prints, from its top down; the zero value is empty.
type Page struct{ blocks []block }

// block is a part of a page that is laid out as one.
type block interface {
	lines(s Screen) []string
}

// Line adds a line, which is never cut.
func (p *Page) Line(format string, args ...any) {
	p.blocks = append(p.blocks, line(Escape(fmt.Sprintf(format, args...))))
}

// Blank adds an empty line.
func (p *Page) Blank() { p.blocks = append(p.blocks, line("")) }

// Pair adds a name and its value. The values of pairs that follow one another
// stand below one another; one that is too long is broken between its words.
func (p *Page) Pair(name string, value any) {
	if len(p.blocks) > 0 {
		if last, ok := p.blocks[len(p.blocks)-1].(*pairs); ok {
			*last = append(*last, pair{Escape(name), cellOf(value)})
			return
		}
	}
	p.blocks = append(p.blocks, &pairs{{Escape(name), cellOf(value)}})
}

// Some adds a pair unless its value is empty.
func (p *Page) Some(name, value string) {
	if value != "" {
		p.Pair(name, value)
	}
}

// Table adds a table; its rows come after.
func (p *Page) Table(columns ...Column) *Table {
	t := &Table{columns: columns}
	p.blocks = append(p.blocks, t)
	return t
}

// Write lays the page out for a screen.
func (p *Page) Write(w io.Writer, s Screen) error {
	var b strings.Builder
	for _, block := range p.blocks {
		for _, line := range block.lines(s) {
			b.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type line string

func (l line) lines(Screen) []string { return []string{string(l)} }

// Styled is a value that stands out.
type Styled struct {
	Value any
	Style Style
}

// Whole is a value that is never broken, such as an id.
type Whole string

// cell is a text on a page.
type cell struct {
	text  string // one line
	style Style
	whole bool
}

func cellOf(v any) cell {
	switch v := v.(type) {
	case Styled:
		return cell{text: Escape(fmt.Sprint(v.Value)), style: v.Style}
	case Whole:
		return cell{text: Escape(string(v)), whole: true}
	}
	return cell{text: Escape(fmt.Sprint(v))}
}

type pair struct {
	name  string
	value cell
}

type pairs []pair

// leastRoom is the width below which values are not broken: the terminal does
// that as well.
const leastRoom = 20

func (p pairs) lines(s Screen) []string {
	names := 0
	for _, one := range p {
		names = max(names, Width(one.name))
	}
	room := 0
	if width := s.Columns(); width >= names+len(gap)+leastRoom {
		room = width - names - len(gap)
	}
	var out []string
	for _, one := range p {
		name, parts := one.name, []string{one.value.text}
		if !one.value.whole {
			parts = wrap(one.value.text, room)
		}
		for _, part := range parts {
			out = append(out, strings.TrimRight(pad(name, names)+gap+s.Paint(part, one.value.style), " "))
			name = ""
		}
	}
	return out
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Width(text)))
}
