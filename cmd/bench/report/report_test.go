package report_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/bench/report"
)

func TestMedianAndSpread(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 3, report.Sample{9, 1, 3}.Median(), 0)
	require.InDelta(t, 2.5, report.Sample{4, 1, 3, 2}.Median(), 0)
	require.Zero(t, report.Sample{}.Median())
	s := report.Sample{2.5, 1, 4}
	require.Equal(t, "2.50 (1.00-4.00)", s.Show("%.2f"))
	require.Equal(t, report.Sample{2.5, 1, 4}, s, "left in its order")
	require.Equal(t, "7 s", report.Sample{7}.Show("%.0f s"))
	require.Equal(t, report.Sample{2, 3}, report.Of([]string{"ab", "abc"}, func(s string) float64 { return float64(len(s)) }))
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	low := report.Check{What: "copy", Got: 0.87, Bound: 0.9, Verb: "%.2fx"}
	require.False(t, low.Met())
	require.Equal(t, "0.87x, target 0.90x: MISSED", low.Verdict())
	low.Got = 0.9
	require.Equal(t, "0.90x, target 0.90x: met", low.Verdict())
	high := report.Check{Got: 1200, Bound: 1000, AtMost: true, Verb: "%.0f"}
	require.Equal(t, "1200, target at most 1000: MISSED", high.Verdict())
	high.Got = math.NaN()
	require.False(t, high.Met(), "a measurement that failed meets nothing")
}

func TestDocument(t *testing.T) {
	t.Parallel()
	missed := report.Check{What: "ratio", Got: 1, Bound: 2, Verb: "%.0f"}
	d := report.Document{
		Title: "T", Text: "Text.", Facts: [][2]string{{"CPU", "a|b"}},
		Sections: []report.Section{
			{Title: "S", Header: []string{"x", "y"}, Rows: [][]string{{"1", "2"}}, Notes: []string{"Note."}, Checks: []report.Check{missed, {What: "ok", Verb: "%.0f"}}},
			{Title: "Nothing to see"},
		},
	}
	require.Equal(t, []report.Check{missed}, d.Missed())
	require.Equal(t, "# T\n\nText.\n\n|  |  |\n|---|---|\n| CPU | a\\|b |\n"+
		"\n## S\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\nNote.\n\n- ratio: 1, target 2: MISSED\n- ok: 0, target 0: met\n"+
		"\n## Nothing to see\n\n", d.Markdown())
}
