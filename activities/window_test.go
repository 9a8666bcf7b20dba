package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

func TestParseWindowRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ window, says string }{
		"empty":               {"", "is no window"},
		"no zone":             {"02:00-04:00", "is no window"},
		"an offset":           {"02:00-04:00 +01:00", "a time zone that the IANA database does not have"},
		"the machine's zone":  {"02:00-04:00 Local", "has no time zone of its own"},
		"an unknown zone":     {"02:00-04:00 Europe/Atlantis", "Europe/Atlantis"},
		"a way out":           {"02:00-04:00 ../../etc/passwd", "does not have"},
		"no minutes":          {"2-4 UTC", "is no window"},
		"one digit":           {"2:00-4:00 UTC", "is no window"},
		"hours of no day":     {"25:00-26:00 UTC", "is no window"},
		"minutes of no hour":  {"02:60-04:00 UTC", "is no window"},
		"begins at the end":   {"24:00-01:00 UTC", "is no window"},
		"behind the end":      {"02:00-24:30 UTC", "ends behind 24:00"},
		"nothing":             {"02:00-02:00 UTC", "ends when it begins"},
		"spaces":              {"02:00 - 04:00 UTC", "is no window"},
		"something behind it": {"02:00-04:00 UTC daily", "is no window"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := activities.ParseWindow(c.window)
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestWindowOpens guards the edges: midnight, days on which the clocks are set,
// and a day that a place left out altogether.
func TestWindowOpens(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		parsed, err := time.Parse("2006-01-02 15:04", s)
		require.NoError(t, err)
		return parsed
	}
	for name, c := range map[string]struct{ window, at, opens, closes string }{ // times in UTC
		"later today":                    {"02:00-04:00 UTC", "2026-07-01 01:00", "2026-07-01 02:00", "2026-07-01 04:00"},
		"open":                           {"02:00-04:00 UTC", "2026-07-01 03:00", "2026-07-01 02:00", "2026-07-01 04:00"},
		"at its beginning":               {"02:00-04:00 UTC", "2026-07-01 02:00", "2026-07-01 02:00", "2026-07-01 04:00"},
		"at its end":                     {"02:00-04:00 UTC", "2026-07-01 04:00", "2026-07-02 02:00", "2026-07-02 04:00"},
		"in summer":                      {"02:00-04:00 Europe/Berlin", "2026-07-01 03:00", "2026-07-02 00:00", "2026-07-02 02:00"},
		"in winter":                      {"02:00-04:00 Europe/Berlin", "2026-12-31 12:00", "2027-01-01 01:00", "2027-01-01 03:00"},
		"it is tomorrow there":           {"08:00-09:00 Pacific/Auckland", "2026-07-01 19:30", "2026-07-01 20:00", "2026-07-01 21:00"},
		"over midnight, before":          {"23:00-01:00 UTC", "2026-07-01 22:00", "2026-07-01 23:00", "2026-07-02 01:00"},
		"over midnight, behind":          {"23:00-01:00 UTC", "2026-07-02 00:30", "2026-07-01 23:00", "2026-07-02 01:00"},
		"until midnight":                 {"22:00-24:00 UTC", "2026-07-01 23:59", "2026-07-01 22:00", "2026-07-02 00:00"},
		"from midnight":                  {"00:00-01:00 UTC", "2026-12-31 23:59", "2027-01-01 00:00", "2027-01-01 01:00"},
		"all but a minute":               {"12:01-12:00 UTC", "2026-07-01 12:00", "2026-07-01 12:01", "2026-07-02 12:00"},
		"clocks forward, around":         {"01:00-04:00 Europe/Berlin", "2026-03-28 20:00", "2026-03-29 00:00", "2026-03-29 02:00"},
		"clocks forward, begins in it":   {"02:30-04:00 Europe/Berlin", "2026-03-28 20:00", "2026-03-29 01:00", "2026-03-29 02:00"},
		"clocks forward, ends in it":     {"01:30-02:30 Europe/Berlin", "2026-03-28 20:00", "2026-03-29 00:30", "2026-03-29 01:00"},
		"clocks forward, within it":      {"02:15-02:45 Europe/Berlin", "2026-03-28 20:00", "2026-03-30 00:15", "2026-03-30 00:45"},
		"clocks back, around":            {"01:00-04:00 Europe/Berlin", "2026-10-24 20:00", "2026-10-24 23:00", "2026-10-25 03:00"},
		"clocks back, begins in it":      {"02:30-04:00 Europe/Berlin", "2026-10-24 20:00", "2026-10-25 00:30", "2026-10-25 03:00"},
		"clocks back, ends in it":        {"01:00-02:30 Europe/Berlin", "2026-10-24 20:00", "2026-10-24 23:00", "2026-10-25 00:30"},
		"clocks back, in its 2nd hour":   {"02:15-02:45 Europe/Berlin", "2026-10-25 01:20", "2026-10-26 01:15", "2026-10-26 01:45"},
		"clocks back, west of Greenwich": {"01:30-03:00 America/New_York", "2026-11-01 03:00", "2026-11-01 05:30", "2026-11-01 08:00"},
		"half an hour only":              {"02:15-03:00 Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-03 15:30", "2026-10-03 16:00"},
		"a day that was left out":        {"02:00-04:00 Pacific/Apia", "2011-12-30 00:00", "2011-12-30 12:00", "2011-12-30 14:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := activities.ParseWindow(c.window)
			require.NoError(t, err)
			opens, closes := w.Next(at(c.at))
			require.Equal(t, []string{c.opens, c.closes}, []string{opens.UTC().Format("2006-01-02 15:04"), closes.UTC().Format("2006-01-02 15:04")})
		})
	}
}

// FuzzWindow takes any window and any moment: the opening is not over, is not
// empty, shows the window's own times where it can, and begins within three days.
func FuzzWindow(f *testing.F) {
	f.Add("02:00-04:00 Europe/Berlin", int64(1774738800))
	f.Add("23:59-00:00 Pacific/Apia", int64(1325203200))
	f.Add("02:15-02:45 Africa/Casablanca", int64(1743292800))
	f.Fuzz(func(t *testing.T, window string, unix int64) {
		w, err := activities.ParseWindow(window)
		if err != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		at := time.Unix(unix%(1<<33), 0)
		opens, closes := w.Next(at)
		require.True(t, closes.After(at))
		require.True(t, closes.After(opens))
		require.LessOrEqual(t, closes.Sub(opens), 26*time.Hour)
		require.LessOrEqual(t, opens.Sub(at), 72*time.Hour)
		again, _ := w.Next(closes)
		require.False(t, again.Before(closes), "openings do not overlap")
	})
}

func TestNextOpening(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)
	got, err := run[activities.Opening](h, nil, h.acts.NextOpening, activities.WindowRequest{Window: "02:00-04:00 Europe/Berlin", At: at})
	require.NoError(t, err)
	require.Equal(t, activities.Opening{
		Opens: time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC), Closes: time.Date(2026, 7, 2, 2, 0, 0, 0, time.UTC),
	}, got)
	_, err = run[activities.Opening](h, nil, h.acts.NextOpening, activities.WindowRequest{Window: "at night", At: at})
	requireCode(t, err, activities.CodeInvalidRequest)
}
