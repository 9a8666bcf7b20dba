package replaytest_test

import (
	"encoding/base64"
	"encoding/json"
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
	for _, name := range []string{workflows.ReembedWorkflowName, workflows.SyncRangeWorkflowName, workflows.GateWorkflowName, workflows.SoakWorkflowName} {
		require.Positive(t, of[name], "recorded histories of %s", name)
	}
}

// TestReplayAfterAnOlderWorker guards jobs in the middle of a deploy: a newer
// worker found that the generation was fresh, and an older one, which knows
// nothing of that, carried the job on and swept it all the same.
func TestReplayAfterAnOlderWorker(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(recorded, "ReembedWorkflow-continued.json"))
	require.NoError(t, err)
	var history struct {
		Events []map[string]any `json:"events"`
	}
	require.NoError(t, json.Unmarshal(raw, &history))
	var prepare any
	found := false
	for _, e := range history.Events {
		if a, ok := e["activityTaskScheduledEventAttributes"].(map[string]any); ok && a["activityType"].(map[string]any)["name"] == "Prepare" {
			prepare = e["eventId"]
		}
		if a, ok := e["activityTaskCompletedEventAttributes"].(map[string]any); ok && prepare != nil && a["scheduledEventId"] == prepare {
			found = true
			a["result"] = map[string]any{"payloads": []any{map[string]any{
				"metadata": map[string][]byte{"encoding": []byte("json/plain")}, "data": []byte(`{"fresh":true}`),
			}}}
		}
	}
	require.True(t, found)
	raw, err = json.Marshal(history)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "history.json")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	require.NoError(t, replaytest.File(path))
}

// TestReplayOfAJobWithoutASoak guards jobs in the middle of a deploy: a newer worker
// resolved how long the soak is to be, and an older one, which knows nothing of
// soaks, switched.
func TestReplayOfAJobWithoutASoak(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(recorded, "ReembedWorkflow-completed-fresh.json"))
	require.NoError(t, err)
	var history struct {
		Events []map[string]any `json:"events"`
	}
	require.NoError(t, json.Unmarshal(raw, &history))
	started := history.Events[0]["workflowExecutionStartedEventAttributes"].(map[string]any)
	payload := started["input"].(map[string]any)["payloads"].([]any)[1].(map[string]any)
	data, err := base64.StdEncoding.DecodeString(payload["data"].(string))
	require.NoError(t, err)
	var carried workflows.Carried
	require.NoError(t, json.Unmarshal(data, &carried))
	require.NotEmpty(t, carried.Job.ID, "a run that was continued")
	carried.Job.SoakSeconds = 3600
	payload["data"], err = json.Marshal(carried)
	require.NoError(t, err)
	raw, err = json.Marshal(history)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "history.json")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	require.NoError(t, replaytest.File(path))
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
