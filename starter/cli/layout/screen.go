package layout

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Screen is what an output can show; the zero value is a pipe or a file.
type Screen struct {
	Width func() int // in columns, asked anew each time; nil: unbounded
	Color bool
	Moves bool // the line under the cursor can be written again
}

// Of looks at an output. Only a terminal is more than the zero value; one with
// TERM=dumb has a width, and nothing else. There are no colours with noColor, or
// with NO_COLOR set to anything but the empty string (https://no-color.org).
func Of(w io.Writer, getenv func(string) string, noColor bool) Screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Screen{}
	}
	moves := getenv("TERM") != "dumb"
	return Screen{
		Width: func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return standardWidth
			}
			return width
		},
		Moves: moves,
		Color: moves && !noColor && getenv("NO_COLOR") == "",
	}
}

// standardWidth is that of a terminal that does not tell its own.
const standardWidth = 80

// Columns is the width now; 0 where there is no bound.
func (s Screen) Columns() int {
	if s.Width == nil {
		return 0
	}
	return s.Width()
}

// Paint writes a text in a style, where there are colours.
func (s Screen) Paint(text string, style Style) string {
	if !s.Color || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Style is how a text stands out: the parameters of the terminal's sequence.
type Style string

// The styles. Colours are the terminal's own, so that they suit its background.
const (
	Plain Style = ""
	Bold  Style = "1"
	Faint Style = "2"
	Good  Style = "32" // green: as it should be
	Bad   Style = "31" // red: somebody has to do something
	Warn  Style = "33" // yellow: going on, or worth a look
)
