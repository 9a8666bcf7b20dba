package human

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// Count writes a number with thousands separated: 8,123.
func Count[T ~int | ~int64](n T) string { return humanize.Comma(int64(n)) }

// Things writes how many there are of something: 1 item, 8,123 items.
func Things[T ~int | ~int64](n T, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + one + "s"
}

// Bytes writes a size in powers of 1024: 8.0 MiB.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// Rate writes how many a second: 1,203/s, 12/s, 0.4/s.
func Rate(perSecond float64) string {
	switch {
	case perSecond <= 0 || math.IsNaN(perSecond) || math.IsInf(perSecond, 0):
		return "0/s"
	case perSecond < 9.95:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + "/s"
	}
	return Count(int64(math.Round(perSecond))) + "/s"
}

// Duration writes a time span with its two largest units: 450ms, 14s, 2m05s, 3h07m, 2d04h.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	case d < time.Hour:
		return two(d, time.Minute, "m", time.Second, "s")
	case d < 24*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "m")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, large time.Duration, l string, small time.Duration, s string) string {
	return fmt.Sprintf("%d%s%02d%s", d/large, l, d%large/small, s)
}

// Percent of a total, between 0 and 100; 100 only when nothing is left.
func Percent(done, total int64) int {
	switch {
	case total <= 0 || done <= 0:
		return 0
	case done >= total:
		return 100
	}
	return min(99, int(float64(done)/float64(total)*100))
}
