package layout

import (
	"cmp"
	"slices"
	"strings"
)

// Column of a table.
type Column struct {
	Title string
	// Rank says how much the column matters. 0 is for what is copied: it is never
	// shortened. Of the others the highest is shortened first, and left out first.
	Rank int
	// Least is the width below which it says nothing any more; the title's, or 8.
	Least int
}

// Table is a table, whose first row are the titles, unless all are empty.
type Table struct {
	columns []Column
	rows    [][]cell
}

// leastWidth is the Least of columns that name none.
const leastWidth = 8

// Row adds a row, with a value for each column.
func (t *Table) Row(values ...any) {
	row := make([]cell, len(t.columns))
	for i, v := range values {
		row[i] = cellOf(v)
	}
	t.rows = append(t.rows, row)
}

func (t *Table) lines(s Screen) []string {
	natural := t.natural()
	widths, left := t.fit(natural, s.Columns())
	var out []string
	titles := make([]cell, len(t.columns))
	headed := false
	for i, c := range t.columns {
		titles[i] = cell{text: c.Title, style: Bold}
		headed = headed || c.Title != ""
	}
	if headed {
		out = append(out, write(titles, widths, s))
	}
	for _, row := range t.rows {
		out = append(out, write(row, widths, s))
	}
	if len(left) > 0 {
		for _, part := range wrap("(no room for "+strings.Join(left, ", ")+")", s.Columns()) {
			out = append(out, s.Paint(part, Faint))
		}
	}
	return out
}

// natural is the width of each column with nothing cut.
func (t *Table) natural() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = Width(c.Title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], Width(row[i].text))
		}
	}
	return widths
}

// fit finds the widths of the columns on a screen of a width, -1 for those that
// are left out, whose titles it returns.
func (t *Table) fit(natural []int, width int) (widths []int, left []string) {
	widths = slices.Clone(natural)
	if width <= 0 {
		return widths, nil
	}
	order := make([]int, len(widths)) // what matters least comes first
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.columns[b].Rank, t.columns[a].Rank) })
	for _, i := range order {
		over := total(widths) - width
		if c := t.columns[i]; over > 0 && c.Rank > 0 {
			least := min(natural[i], max(cmp.Or(c.Least, leastWidth), Width(c.Title)))
			widths[i] = max(least, widths[i]-over)
		}
	}
	for _, i := range order {
		if t.columns[i].Rank > 0 && total(widths) > width {
			widths[i] = -1
			if title := t.columns[i].Title; title != "" {
				left = append(left, title)
			}
		}
	}
	t.widen(natural, widths, width, order)
	return widths, left
}

// widen gives the room that leaving columns out made back to those that were
// shortened, the dearest first.
func (t *Table) widen(natural, widths []int, width int, order []int) {
	for _, i := range slices.Backward(order) {
		if spare := width - total(widths); spare > 0 && widths[i] >= 0 {
			widths[i] = min(natural[i], widths[i]+spare)
		}
	}
}

func total(widths []int) int {
	sum := -len(gap)
	for _, w := range widths {
		if w >= 0 {
			sum += w + len(gap)
		}
	}
	return sum
}

func write(row []cell, widths []int, s Screen) string {
	var b strings.Builder
	blank := 0 // columns that are due before the next text
	for i, c := range row {
		if widths[i] < 0 {
			continue
		}
		text := Cut(c.text, widths[i])
		if text != "" {
			b.WriteString(strings.Repeat(" ", blank) + s.Paint(text, c.style))
			blank = 0
		}
		blank += widths[i] - Width(text) + len(gap)
	}
	return b.String()
}
