package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// moment is a value of a changed_at column: an int64 or a string, in one of the
// forms that the package's doc names.
type moment struct{ value any }

// leastMillis tells milliseconds from seconds: as seconds it is the year 5138, as
// milliseconds March 1973.
const leastMillis = 100_000_000_000

const (
	dayForm  = "2006-01-02"
	timeForm = "15:04:05"
)

// momentOf checks a value; an ErrUnsupported names what is taken.
func momentOf(value any, column string) (moment, error) {
	m := moment{value}
	switch v := value.(type) {
	case int64:
		return m, nil
	case string:
		if _, _, err := parseText(v); err == nil {
			return m, nil
		}
	}
	return m, fmt.Errorf("%w: a value of column %s is no time that can be compared: it has to be INTEGER seconds or milliseconds since 1970, "+
		"or TEXT like 2026-11-24 15:39:14 or 2026-11-24T15:39:14.123Z, in UTC, and of one kind in all rows; NULL and offsets like +02:00 are refused",
		backends.ErrUnsupported, quote(column))
}

// comparable reports whether the order of two values is that of their times: both
// are in one unit, or texts with one separator.
func (m moment) comparable(o moment) bool {
	switch v := m.value.(type) {
	case int64:
		w, ok := o.value.(int64)
		return ok && (v <= 0 || w <= 0 || (v < leastMillis) == (w < leastMillis))
	case string:
		w, ok := o.value.(string)
		_, mine, _ := parseText(v)
		_, other, err := parseText(w)
		return ok && err == nil && mine == other
	}
	return false
}

// parseText reads "2006-01-02 15:04:05" with a T or a space, a fraction or none, a Z or none.
func parseText(v string) (t time.Time, separator string, err error) {
	if len(v) < len(dayForm)+1 {
		return t, "", backends.ErrUnsupported
	}
	separator = v[len(dayForm) : len(dayForm)+1]
	if separator != " " && separator != "T" {
		return t, "", backends.ErrUnsupported
	}
	t, err = time.Parse(dayForm+separator+timeForm, strings.TrimSuffix(v, "Z")) // takes a fraction
	return t, separator, err
}

// earlier is a value that lies at least so much before, in the same form: no row
// that is less than d before the moment compares as less.
func (m moment) earlier(d time.Duration) any {
	switch v := m.value.(type) {
	case int64:
		if v >= leastMillis {
			return v - d.Milliseconds() - 1
		}
		return v - int64(d/time.Second) - 1
	case string:
		if t, separator, err := parseText(v); err == nil {
			return t.Add(-d).Format(dayForm + separator + timeForm)
		}
	}
	return m.value
}

// capped is the moment, or the time now in its form where that is earlier: one
// row with a time of the far future must not hide all that changes until then.
func (m moment) capped(now time.Time) moment {
	now = now.UTC()
	switch v := m.value.(type) {
	case int64:
		if v >= leastMillis {
			return moment{min(v, now.UnixMilli())}
		}
		return moment{min(v, now.Unix())}
	case string:
		if t, separator, err := parseText(v); err == nil && t.After(now) {
			return moment{now.Format(dayForm + separator + timeForm)}
		}
	}
	return m
}

// String tells an integer from a text.
func (m moment) String() string {
	if v, ok := m.value.(int64); ok {
		return "i" + strconv.FormatInt(v, 10)
	}
	return fmt.Sprintf("t%s", m.value)
}

// parseMoment reads what String wrote.
func parseMoment(s string) (moment, bool) {
	switch {
	case strings.HasPrefix(s, "i"):
		v, err := strconv.ParseInt(s[1:], 10, 64)
		return moment{v}, err == nil
	case strings.HasPrefix(s, "t"):
		_, _, err := parseText(s[1:])
		return moment{s[1:]}, err == nil
	}
	return moment{}, false
}
