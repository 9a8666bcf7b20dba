package replaytest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
	"github.com/reembed/reembed/workflows/replaytest"
)

// recorded is where `make record-replay` keeps histories of a real server.
const recorded = "../testdata/replay"

// TestRecordedHistories guards running jobs against a deploy: each of them
// would go on as it was recorded. One that fails asks for workflow.GetVersion,
// not for a new recording.
func TestRecordedHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recorded, "*.json"))
	require.NoError(t, err)
	of := map[string]int{}
	for _, f := range files {
		name, _, _ := strings.Cut(filepath.Base(f), "-")
		of[name]++
		require.NoError(t, replaytest.File(f))
	}
	for _, name := range []string{workflows.ReembedWorkflowName, workflows.SyncRangeWorkflowName, workflows.GateWorkflowName} {
		require.Positive(t, of[name], "recorded histories of %s", name)
	}
}

// TestReplayFindsAChange guards the guard: a history that another program wrote
// does not replay.
func TestReplayFindsAChange(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(recorded, "ReembedWorkflow-completed.json"))
	require.NoError(t, err)
	for what, history := range map[string]string{
		"another activity": strings.ReplaceAll(string(raw), `"CheckSwitch"`, `"BurnBridges"`),
		"no history":       "{}",
		"no JSON":          "?",
	} {
		path := filepath.Join(t.TempDir(), "history.json")
		require.NoError(t, os.WriteFile(path, []byte(history), 0o600))
		require.Error(t, replaytest.File(path), what)
	}
	require.Error(t, replaytest.File(filepath.Join(t.TempDir(), "missing.json")))
}
