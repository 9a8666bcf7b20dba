package layout

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// measure does not ask the locale, as the library's own default does: what a
// command prints depends on its screen alone.
var measure = &runewidth.Condition{StrictEmojiNeutral: true}

// Width is how many columns of a terminal a text takes.
func Width(text string) int { return measure.StringWidth(text) }

// Cut shortens a text to a width, with an ellipsis; 0 is no bound.
func Cut(text string, width int) string {
	if width <= 0 || Width(text) <= width {
		return text
	}
	return strings.TrimRight(measure.Truncate(text, width-1, ""), " ") + "…"
}

// OneLine makes one line of a text.
func OneLine(text string) string { return Escape(strings.Join(strings.Fields(text), " ")) }

// Escape writes what could move a terminal's cursor, or turn its text around, as
// Go does in quotes: ids and messages of others may hold anything.
func Escape(text string) string {
	if !strings.ContainsFunc(text, hostile) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if hostile(r) {
			quoted := strconv.QuoteToASCII(text[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// EscapeLines is Escape for a text of several lines.
func EscapeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

func hostile(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// wrap breaks a text between words into lines of at most a width. A word that is
// longer stays whole, so that it can be copied.
func wrap(text string, width int) []string {
	if width <= 0 || Width(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && Width(line)+1+Width(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
