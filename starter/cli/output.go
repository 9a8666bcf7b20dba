package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// format is what -o asks for.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

// String, Set and Type make it a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(s string) error {
	switch v := format(s); v {
	case formatText, formatJSON:
		*f = v
		return nil
	}
	return fmt.Errorf("%q is neither text nor json", s)
}

func (f *format) Type() string { return "text|json" }

// print writes a result to stdout: v as JSON, or the page that text fills.
func (a *app) print(v any, text func(*layout.Page)) error {
	if a.output == formatJSON {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
	var page layout.Page
	text(&page)
	if err := page.Write(a.stdout, a.screen(a.stdout)); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// screen is what is known of one of the outputs.
func (a *app) screen(w io.Writer) layout.Screen { return layout.Of(w, a.env.Get, a.noColor) }

// styled makes a job's state stand out: green when all is well, red when
// somebody has to look, yellow while it is not decided.
func styled(s workflows.State) layout.Styled {
	style := layout.Warn
	switch s {
	case workflows.Completed:
		style = layout.Good
	case workflows.Failed:
		style = layout.Bad
	case workflows.Cancelled:
		style = layout.Faint
	}
	return layout.Styled{Value: s, Style: style}
}

// when writes a time for people, in their own zone.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 MST")
}
