package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// TestGiantTextsFitIntoTheMemory guards the worker's budget: the copies that a
// model makes of a text were not counted, and a few texts of some megabytes took
// three times of what a worker may take.
func TestGiantTextsFitIntoTheMemory(t *testing.T) {
	t.Parallel()
	const budgetMB, besideMB = 64, 150
	r := newRig(t, setting{items: 20, env: []string{fmt.Sprint("REEMBED_MEMORY_MB=", budgetMB)}})
	var b strings.Builder
	for i := range 6 {
		var text strings.Builder
		for n := 0; text.Len() < 5_000_000; n++ {
			fmt.Fprintf(&text, "%x-%d ", n%50_000, i)
		}
		raw, err := json.Marshal(map[string]string{"id": fmt.Sprint("giant", i), "text": text.String()})
		require.NoError(t, err)
		b.Write(raw)
		b.WriteByte('\n')
	}
	r.write("giants.jsonl", b.String())
	r.reembed("import", filepath.Join(r.dir, "giants.jsonl"), "--namespace", "docs")
	w := r.worker()
	s := r.finish(r.begin(workflows.Request{Namespace: "docs", To: "large"}))
	require.Equal(t, workflows.Completed, s.State, "%s: %s", s.ErrorCode, s.Reason)
	require.EqualValues(t, 26, s.Verification.Items)
	peak := peakMB(t, w.Pid())
	t.Logf("the worker had %d MB at most", peak)
	require.Less(t, peak, budgetMB+besideMB)
}

// peakMB is the most memory that a process has had.
func peakMB(t *testing.T, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(raw)
	require.NotNil(t, found)
	kb, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kb >> 10
}
