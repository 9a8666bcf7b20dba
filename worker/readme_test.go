package worker

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README's table of variables has them all, with the defaults that hold.
func TestReadmeTellsOfEveryVariableAndMetric(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	readme := string(raw)
	for _, n := range numbers {
		fallback := fmt.Sprint(n.fallback)
		if n.fallback == 0 {
			fallback = "[^|]+"
		}
		require.Regexp(t, "\\| `"+n.variable+"` \\| "+fallback+" \\|", readme)
	}
	require.Contains(t, readme, fmt.Sprintf("| `%s` | %d |", timeoutVariable, int(defaultJobTimeout.Seconds())))
	require.Contains(t, readme, fmt.Sprintf("| `%s` | %d |", soakVariable, int(defaultSoak.Seconds())))
	c := Config{}.WithDefaults()
	require.Contains(t, readme, "| `REEMBED_CATALOG` | `"+c.Catalog+"` |")
	require.Contains(t, readme, "| `REEMBED_HTTP_ADDR` | `"+c.HTTPAddr+"` |")
	require.Contains(t, readme, "| `REEMBED_PPROF_ADDR` | none |")
	for _, name := range []string{
		metricCompleted, metricFailed, metricActive, metricQueued, metricBatches, metricItems,
		"reembed_backend_call_duration_seconds", "reembed_backend_call_items_total",
		"reembed_gate_scrape_errors_total", "reembed_build_info",
	} {
		require.Contains(t, readme, "`"+name+"`")
	}
}
