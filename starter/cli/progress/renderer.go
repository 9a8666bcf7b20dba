package progress

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// Options say where progress is shown; the zero value writes plain lines.
type Options struct {
	Screen layout.Screen
	// PlainEvery is the time between two plain lines of one phase; 5 s.
	PlainEvery time.Duration
	Now        func() time.Time // nil: time.Now
}

// Renderer shows the progress of one job. It is for one goroutine.
type Renderer struct {
	w       io.Writer
	o       Options
	pace    pace
	began   time.Time // of the phase, as this renderer saw it
	phase   workflows.Phase
	shown   time.Time // of the last plain line
	trouble bool      // the last plain line told of an error
	drawn   bool      // the terminal's line is not ended yet
	last    view
	err     error // the first one of w
}

// New makes a renderer that writes to w.
func New(w io.Writer, o Options) *Renderer {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.PlainEvery = cmp.Or(o.PlainEvery, 5*time.Second)
	return &Renderer{w: w, o: o}
}

// Every is how often Show wants to be called.
func (r *Renderer) Every() time.Duration {
	if r.o.Screen.Moves {
		return 250 * time.Millisecond
	}
	return time.Second
}

// Show shows a status.
func (r *Renderer) Show(s workflows.Status) {
	now := r.o.Now()
	if s.State.Final() {
		r.end(s, now)
		return
	}
	changed := s.Phase != r.phase
	if changed {
		r.endPhase(now, true)
		r.phase, r.began = s.Phase, now
		if since := s.Progress.PhaseSince; !since.IsZero() && since.Before(now) {
			r.began = since
		}
	}
	r.last = r.pace.view(s, now, now.Sub(r.began))
	switch {
	case r.o.Screen.Moves:
		r.write("\r" + r.last.line(max(20, cmp.Or(r.o.Screen.Columns(), 80)-1)) + "\x1b[K")
		r.drawn = true
	case changed || now.Sub(r.shown) >= r.o.PlainEvery || r.trouble != (s.LastError != ""):
		r.write(r.last.line(0) + "\n")
		r.shown, r.trouble = now, s.LastError != ""
	}
}

// end leaves the last line behind. Between two looks a job may have gone through
// many phases: the time of the one that was shown is not known then.
func (r *Renderer) end(s workflows.Status, now time.Time) {
	if r.phase == "" || r.last.measured || r.phase == s.Phase || s.FinishedAt == nil {
		r.endPhase(now, s.State == workflows.Completed)
		return
	}
	r.leave(fmt.Sprintf("%-12s after %s", s.Phase, human.Duration(s.FinishedAt.Sub(s.StartedAt))))
}

// endPhase leaves one line behind for the phase that is over.
func (r *Renderer) endPhase(now time.Time, well bool) {
	if r.phase == "" {
		return
	}
	what := "done in"
	if !well {
		what = "ended after"
	}
	line := fmt.Sprintf("%-12s %s %s", r.phase, what, human.Duration(now.Sub(r.began)))
	switch {
	case r.last.measured && well: // also those that no look came in time for
		line += ", " + human.Things(max(r.last.done, r.last.total), "item")
	case r.last.done > 0:
		line += ", " + human.Things(r.last.done, "item")
	}
	r.leave(line)
}

// leave ends the phase that is shown with a line that stays.
func (r *Renderer) leave(line string) {
	if r.drawn {
		line = "\r" + line + "\x1b[K"
	}
	r.write(line + "\n")
	r.drawn, r.phase = false, ""
}

// Close ends the line that is being drawn, and returns the first error of the
// writer that was met.
func (r *Renderer) Close() error {
	if r.drawn {
		r.write("\n")
		r.drawn = false
	}
	return r.err
}

func (r *Renderer) write(s string) {
	if r.err == nil {
		_, r.err = io.Copy(r.w, strings.NewReader(s))
	}
}
