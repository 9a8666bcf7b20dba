package progress

import (
	"io"
	"os"

	"golang.org/x/term"
)

// For are the options for a writer: those of a terminal, of its present width,
// where it is one.
func For(w io.Writer) Options {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Options{}
	}
	return Options{Terminal: true, Width: func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}}
}
