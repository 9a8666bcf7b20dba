package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// view is what one line tells.
type view struct {
	phase       workflows.Phase
	pass        int
	measured    bool // there are items to count
	done, total int64
	rate        float64
	eta         time.Duration // -1: unknown
	elapsed     time.Duration
	reason      string // why it waits
	trouble     string // that is being retried
	lag         string // how far catch-up stays behind the application
}

// Bounds of the bar's width; on a terminal too narrow for the least there is none.
const (
	minBar = 10
	maxBar = 40
)

// line writes the view in at most width columns, with a bar; width 0 is plain
// and unbounded, without one.
func (v view) line(width int) string {
	head := fmt.Sprintf("%-12s", v.phase)
	tail := v.tail()
	if v.measured && width > 0 {
		room := width - layout.Width(head) - layout.Width(tail) - len(" []  ")
		if room >= minBar {
			head += " [" + bar(v.done, v.total, min(room, maxBar)) + "]"
		}
	}
	line := head + " " + tail
	if v.lag != "" {
		line += "  " + v.lag
	}
	if v.trouble != "" {
		line += "  retrying: " + layout.OneLine(v.trouble)
	}
	return layout.Cut(line, width)
}

func (v view) tail() string {
	if !v.measured {
		if v.reason != "" {
			return fmt.Sprintf("%s (%s)", layout.OneLine(v.reason), human.Duration(v.elapsed))
		}
		return human.Duration(v.elapsed)
	}
	tail := fmt.Sprintf("%3d%%  %s/%s items", human.Percent(v.done, v.total), human.Count(v.done), human.Count(v.total))
	switch {
	case v.done >= v.total: // what is left of the phase counts no items
		return tail + "  (" + human.Duration(v.elapsed) + ")"
	case v.eta < 0:
		return tail + "  " + human.Rate(v.rate)
	}
	return tail + "  " + human.Rate(v.rate) + "  ETA " + human.Duration(max(time.Second, v.eta.Round(time.Second)))
}

func bar(done, total int64, width int) string {
	full := min(width, int(float64(done)/float64(total)*float64(width)))
	switch {
	case full == width:
		return strings.Repeat("=", width)
	case full <= 0:
		return strings.Repeat(" ", width)
	}
	return strings.Repeat("=", full-1) + ">" + strings.Repeat(" ", width-full)
}
