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
// worker found that the generation was fresh, or that the source tells what
// changed, and an older one, which knows nothing of that, carried the job on and
// swept it all the same.
func TestReplayAfterAnOlderWorker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, found string }{
		"fresh":   {"ReembedWorkflow-continued.json", `{"fresh":true}`},
		"capture": {"ReembedWorkflow-cut-over.json", `{"fresh":true,"capture":{"kind":"journal","deletes":true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := read(t, c.file)
			var prepare any
			done := false
			for _, e := range history.Events {
				if a, ok := e["activityTaskScheduledEventAttributes"].(map[string]any); ok && a["activityType"].(map[string]any)["name"] == "Prepare" {
					prepare = e["eventId"]
				}
				if a, ok := e["activityTaskCompletedEventAttributes"].(map[string]any); ok && prepare != nil && a["scheduledEventId"] == prepare {
					done = true
					a["result"] = map[string]any{"payloads": []any{map[string]any{
						"metadata": map[string][]byte{"encoding": []byte("json/plain")}, "data": []byte(c.found),
					}}}
				}
			}
			require.True(t, done)
			history.replays(t)
		})
	}
}

// TestReplayOfAJobThatAnOlderWorkerSwitched guards jobs in the middle of a deploy:
// a newer worker resolved what is to be done around the switch, and an older one,
// which knows nothing of that, switched.
func TestReplayOfAJobThatAnOlderWorkerSwitched(t *testing.T) {
	t.Parallel()
	for name, resolved := range map[string]func(*workflows.Job){
		"soak":        func(j *workflows.Job) { j.SoakSeconds = 3600 },
		"publish":     func(j *workflows.Job) { j.Publish = true },
		"a post hook": func(j *workflows.Job) { j.PostHook = true },
		"stragglers":  func(j *workflows.Job) { j.Source = "articles" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := read(t, "ReembedWorkflow-completed-fresh.json")
			started := history.Events[0]["workflowExecutionStartedEventAttributes"].(map[string]any)
			payload := started["input"].(map[string]any)["payloads"].([]any)[1].(map[string]any)
			data, err := base64.StdEncoding.DecodeString(payload["data"].(string))
			require.NoError(t, err)
			var carried workflows.Carried
			require.NoError(t, json.Unmarshal(data, &carried))
			require.NotEmpty(t, carried.Job.ID, "a run that was continued")
			resolved(&carried.Job)
			payload["data"], err = json.Marshal(carried)
			require.NoError(t, err)
			history.replays(t)
		})
	}
}

// events are a recorded history, to be changed.
type events struct {
	Events []map[string]any `json:"events"`
}

func read(t *testing.T, name string) (e events) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(recorded, name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &e))
	return e
}

func (e events) replays(t *testing.T) {
	t.Helper()
	raw, err := json.Marshal(e)
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
