package activities

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a worker's machine may have no time zone database

	"github.com/reembed/reembed/backends"
)

// Window is a span of each day, by the clocks of a place: a job may switch in it.
type Window struct {
	from, to int // minutes since midnight; to may be 24:00, and is the next day's when it is not behind from
	zone     *time.Location
}

// windowForm is "02:00-04:00 Europe/Berlin".
var windowForm = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d) (\S+)$`)

// ParseWindow reads the form "02:00-04:00 Europe/Berlin" strictly: two times of
// day and a zone of the IANA database. A window that ends before it begins goes
// over midnight.
func ParseWindow(s string) (Window, error) {
	refuse := func(format string, args ...any) (Window, error) {
		return Window{}, fmt.Errorf("%w: %q %s", backends.ErrInvalidInput, s, fmt.Sprintf(format, args...))
	}
	m := windowForm.FindStringSubmatch(s)
	if m == nil {
		return refuse("is no window: write two times of day and a time zone, like \"02:00-04:00 Europe/Berlin\"")
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // two digits
	}
	w := Window{from: n[0]*60 + n[1], to: n[2]*60 + n[3]}
	switch {
	case w.to > 24*60:
		return refuse("ends behind 24:00")
	case w.from == w.to:
		return refuse("ends when it begins")
	case strings.EqualFold(m[5], "local"):
		return refuse("has no time zone of its own: each worker's machine may be in another; name one, like Europe/Berlin or UTC")
	}
	zone, err := time.LoadLocation(m[5])
	if err != nil {
		return refuse("names a time zone that the IANA database does not have: %s", m[5])
	}
	w.zone = zone
	return w, nil
}

// Next returns when the window opens and closes that is open at a time, or else
// the first one behind it. On the days on which the clocks are set it opens when
// they first show its beginning or later, and closes when they first show its end
// or later; one that falls into an hour which is left out has no time at all that day.
func (w Window) Next(at time.Time) (opens, closes time.Time) {
	year, month, day := at.In(w.zone).Date()
	for d := day - 1; ; d++ { // yesterday's may go over midnight
		end := d
		if w.to <= w.from {
			end++
		}
		opens, closes = w.instant(year, month, d, w.from), w.instant(year, month, end, w.to)
		if closes.After(at) && opens.Before(closes) {
			return opens, closes
		}
	}
}

// instant is when the clocks of the place first show so many minutes of a day, or
// more.
func (w Window) instant(year int, month time.Month, day, minutes int) time.Time {
	shown := time.Date(year, month, day, 0, minutes, 0, 0, time.UTC) // as if they showed UTC
	_, before := shown.Add(-24 * time.Hour).In(w.zone).Zone()
	_, after := shown.Add(24 * time.Hour).In(w.zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} { // the earlier one first
		t := shown.Add(-time.Duration(offset) * time.Second).In(w.zone)
		if _, o := t.Zone(); o == offset {
			return t
		}
	}
	// They never show it: they are set forward over it.
	set, _ := shown.Add(-time.Duration(before) * time.Second).In(w.zone).ZoneBounds()
	return set
}

// WindowRequest asks for the next opening of a window.
type WindowRequest struct {
	Window string    `json:"window"`
	At     time.Time `json:"at"`
}

// Opening is a time at which a window is open: from Opens, before Closes.
type Opening struct {
	Opens  time.Time `json:"opens"`
	Closes time.Time `json:"closes"`
}

// NextOpening is Window.Next for workflows, which must not depend on what a
// worker's time zone database says when they are replayed.
func (a *Activities) NextOpening(ctx context.Context, r WindowRequest) (Opening, error) {
	w, err := ParseWindow(r.Window)
	if err != nil {
		return Opening{}, failed(ctx, err)
	}
	opens, closes := w.Next(r.At)
	return Opening{Opens: opens.UTC(), Closes: closes.UTC()}, nil
}
