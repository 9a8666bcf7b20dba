package reembed_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// calendars are the files that look at the calendar: at a time that jumps when
// somebody sets a clock. What they do with it.
var calendars = map[string]string{
	"backends/stores/memory/index.go":    "a generation is dated, for people",
	"activities/canaries.go":             "written down for people",
	"activities/quarantine.go":           "written down for people",
	"activities/outcome.go":              "written down for people",
	"activities/conflicts.go":            "written down for people",
	"starter/cli/refused.go":             "written down for people",
	"starter/cli/quarantine_moves.go":    "written down for people",
	"starter/cli/queue.go":               "shown, and never less than nothing",
	"activities/window.go":               "a window is a matter of the calendar: its edges, from the workflow's time",
	"backends/stores/sqlite/describe.go": "a generation is dated, for people",
	"backends/stores/sqlite/moment.go":   "times that an application wrote, compared with each other",
	// A provider may name a date to come back at. It is held against the date of
	// the same answer, by the provider's clock.
	"backends/embedders/openai/waits.go": "held against the provider's own date, and bounded",
}

// calendar finds times without the monotonic reading that time.Now gives, by
// which Go measures durations and deadlines whatever the wall clock does.
var calendar = regexp.MustCompile(`time\.Now\(\)\.(UTC|Local|In|Round|Truncate|AddDate|Unix|Format)|` +
	`time\.(Unix|UnixMilli|UnixMicro|Parse|ParseInLocation|Date)\(|http\.ParseTime\(|` +
	`\.(At|EndedAt|StartedAt|PhaseSince|RunningSince)\.(Before|After|Sub|Compare|Equal)\(`)

// TestNothingIsMeasuredByTheCalendar guards leases, deadlines, waits and rates
// against a clock that jumps. A lease has no time at all, but an epoch; a
// duration is the difference of two readings of time.Now in one process, or of
// workflow.Now; and a new look at the calendar needs a line above.
func TestNothingIsMeasuredByTheCalendar(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, folder := range []string{"activities", "backends", "starter", "worker", "workflows"} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			if at := calendar.FindIndex(raw); at != nil {
				found[filepath.ToSlash(path)] = true
			}
			return err
		})
		require.NoError(t, err)
	}
	for path := range found {
		require.Contains(t, calendars, path, "what does it do with the calendar?")
	}
	for path := range calendars {
		require.True(t, found[path], "%s does not look at the calendar any more", path)
	}
}
