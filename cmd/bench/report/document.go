package report

import (
	"fmt"
	"strings"
)

// Document is all that one run of a benchmark says.
type Document struct {
	Title    string
	Text     string
	Facts    [][2]string // the machine and the settings
	Sections []Section
}

// Section is one table, and the bounds that belong to it.
type Section struct {
	Title  string
	Text   string
	Header []string
	Rows   [][]string
	Notes  []string // paragraphs behind the table
	Checks []Check
}

// Missed are the checks that were not met.
func (d Document) Missed() []Check {
	var missed []Check
	for _, s := range d.Sections {
		for _, c := range s.Checks {
			if !c.Met() {
				missed = append(missed, c)
			}
		}
	}
	return missed
}

// Markdown is the whole document.
func (d Document) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", d.Title, strings.TrimSpace(d.Text))
	facts := make([][]string, len(d.Facts))
	for i, f := range d.Facts {
		facts[i] = f[:]
	}
	table(&b, []string{"", ""}, facts)
	for _, s := range d.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n", s.Title)
		if s.Text != "" {
			fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(s.Text))
		}
		table(&b, s.Header, s.Rows)
		for _, n := range s.Notes {
			fmt.Fprintf(&b, "\n%s\n", n)
		}
		if len(s.Checks) > 0 {
			b.WriteByte('\n')
		}
		for _, c := range s.Checks {
			fmt.Fprintf(&b, "- %s: %s\n", c.What, c.Verdict())
		}
	}
	return b.String()
}

func table(b *strings.Builder, header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	line := func(cells []string) {
		b.WriteByte('|')
		for _, c := range cells {
			b.WriteString(" " + strings.ReplaceAll(c, "|", `\|`) + " |")
		}
		b.WriteByte('\n')
	}
	line(header)
	b.WriteString("|" + strings.Repeat("---|", len(header)) + "\n")
	for _, r := range rows {
		line(r)
	}
}
