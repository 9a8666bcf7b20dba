package layout_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/cli/layout"
)

// written is a page as a screen of a width shows it; 0 is a pipe.
func written(t *testing.T, width int, color bool, fill func(*layout.Page)) string {
	t.Helper()
	s := layout.Screen{Color: color}
	if width > 0 {
		s.Width = func() int { return width }
	}
	var p layout.Page
	fill(&p)
	var out strings.Builder
	require.NoError(t, p.Write(&out, s))
	return out.String()
}

func jobs(p *layout.Page) {
	t := p.Table(layout.Column{Title: "JOB"}, layout.Column{Title: "NAMESPACE", Rank: 1}, layout.Column{Title: "MODELS", Rank: 2}, layout.Column{Title: "NOTE", Rank: 3})
	t.Row("reembed-docs-k3x9q2ab", "docs", "text-embedding-ada-002 to text-embedding-3-small", "a note that is long")
	t.Row("reembed-製品-00000000", "製品カタログ", "e\u0301", "")
}

func TestTableFitsEachWidth(t *testing.T) {
	t.Parallel()
	full := written(t, 0, false, jobs)
	require.Equal(t, `JOB                    NAMESPACE     MODELS                                            NOTE
reembed-docs-k3x9q2ab  docs          text-embedding-ada-002 to text-embedding-3-small  a note that is long
reembed-製品-00000000  製品カタログ  e`+"\u0301\n", full, "in a pipe nothing is cut")
	require.Equal(t, full, written(t, 300, false, jobs), "and none on a terminal that is wide enough")
	for width := 21; width < 120; width++ {
		out := written(t, width, false, jobs)
		require.Contains(t, out, "reembed-docs-k3x9q2ab")
		require.Contains(t, out, "reembed-製品-00000000")
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, layout.Width(strings.TrimSuffix(line, "\n")), width, "%q", line)
		}
	}
	require.Equal(t, `JOB                    NAMESPACE     MODELS        NOTE
reembed-docs-k3x9q2ab  docs          text-embedd…  a note…
reembed-製品-00000000  製品カタログ  e`+"\u0301\n", written(t, 59, false, jobs))
	require.Equal(t, `JOB                    NAMESPACE     MODELS
reembed-docs-k3x9q2ab  docs          text-embeddi…
reembed-製品-00000000  製品カタログ  e`+"\u0301"+`
(no room for NOTE)
`, written(t, 50, false, jobs), "what matters least goes, and what that leaves is used")
	require.Contains(t, written(t, 21, false, jobs), "\n(no room for NOTE,\nMODELS, NAMESPACE)\n")
	require.Contains(t, written(t, 5, false, jobs), "\nreembed-docs-k3x9q2ab\n", "an id is whole on any terminal")
}

func TestColoursDoNotMoveColumns(t *testing.T) {
	t.Parallel()
	fill := func(p *layout.Page) {
		p.Pair("state", layout.Styled{Value: "FAILED", Style: layout.Bad})
		p.Pair("job", "j")
		p.Table(layout.Column{Title: "STATE"}, layout.Column{Title: "JOB"}).Row(layout.Styled{Value: "DONE", Style: layout.Good}, "j")
	}
	colored := written(t, 80, true, fill)
	require.Contains(t, colored, "state  \x1b[31mFAILED\x1b[0m\n")
	require.Contains(t, colored, "\x1b[1mSTATE\x1b[0m  \x1b[1mJOB\x1b[0m\n\x1b[32mDONE\x1b[0m   j\n")
	plain := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[1m", "", "\x1b[0m", "").Replace(colored)
	require.Equal(t, written(t, 80, false, fill), plain)
	require.NotContains(t, plain, "\x1b")
}

func TestPairs(t *testing.T) {
	t.Parallel()
	fill := func(p *layout.Page) {
		p.Pair("id", layout.Whole("an id  with blanks that is longer than the line"))
		p.Pair("advice", "look at the store, and start again")
		p.Some("nothing", "")
		p.Pair("", 7)
		p.Line("100%% done")
		p.Pair("a", "b")
	}
	require.Equal(t, `id      an id  with blanks that is longer than the line
advice  look at the store, and start again
        7
100% done
a  b
`, written(t, 0, false, fill))
	require.Equal(t, `id      an id  with blanks that is longer than the line
advice  look at the store, and
        start again
        7
100% done
a  b
`, written(t, 30, false, fill))
	require.Equal(t, written(t, 0, false, fill), written(t, 10, false, fill), "where nothing has room the terminal breaks")
}

// An id of somebody else's can hold anything: printed as it is, it would clear
// the screen, or break a line in two for the program that reads it.
func TestNothingMovesTheCursor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain, 界, e\u0301, 👩\u200d💻":   "plain, 界, e\u0301, 👩\u200d💻",
		"\x1b[2J\a":                     `\x1b[2J\a`,
		"a\nb\tc\r":                     `a\nb\tc\r`,
		"right\u202eleft":               `right\u202eleft`,
		"\u2028\u009b":                  `\u2028\u009b`,
		"not UTF-8: \xff, and a \ufffd": `not UTF-8: \xff, and a \ufffd`,
	} {
		require.Equal(t, want, layout.Escape(text))
		out := written(t, 0, true, func(p *layout.Page) {
			p.Pair(text, text)
			p.Pair("id", layout.Whole(text))
			p.Line("%s", text)
			p.Table(layout.Column{Title: "ID"}).Row(text)
		})
		require.Equal(t, 5, strings.Count(out, want))
	}
	require.Equal(t, "one\ntwo\\x1b", layout.EscapeLines("one\ntwo\x1b"))
	require.Equal(t, `a b \x1b`, layout.OneLine(" a\n\tb \x1b "))
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text  string
		width int
		want  string
	}{
		{"abcdef", 0, "abcdef"},
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "abcd…"},
		{"ab cdef", 4, "ab…"},
		{"界界界", 6, "界界界"},
		{"界界界", 5, "界界…"},
		{"界界界", 4, "界…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"abc", 1, "…"},
	} {
		got := layout.Cut(tc.text, tc.width)
		require.Equal(t, tc.want, got)
		if tc.width > 0 {
			require.LessOrEqual(t, layout.Width(got), tc.width)
		}
	}
}

func TestOnlyATerminalIsAScreen(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()
	none := func(string) string { return "" }
	for _, w := range []io.Writer{file, &strings.Builder{}} {
		s := layout.Of(w, none, false)
		require.False(t, s.Color)
		require.False(t, s.Moves)
		require.Zero(t, s.Columns())
	}
	require.Equal(t, "text", layout.Of(&strings.Builder{}, none, false).Paint("text", layout.Bad))
}
