package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
	"github.com/reembed/reembed/workflows/replaytest"
)

// record is where `make record-replay` keeps the histories, for the replay test
// of package workflows.
var record = flag.String("record", "", "folder in which the histories are kept")

// TestHistoriesReplay runs jobs into the situations that a deploy may find them
// in - finished, cancelled, failed, waiting, copying, continued as new - and
// replays what the server wrote down.
func TestHistoriesReplay(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{
		items: 4500, latency: 600 * time.Millisecond, more: []string{"b", "c"},
		env: []string{"REEMBED_BATCH_SIZE=50", "MAX_CONCURRENT_REEMBED_JOBS=1", "REEMBED_CONTINUE_AFTER=60"},
	})
	r.worker()
	keep := *record
	if keep == "" {
		keep = t.TempDir()
	}

	running := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.await(running, "half a copy", halfCopied)
	waiting := r.begin(workflows.Request{Namespace: "b", To: "large"})
	r.await(waiting, "the queue", func(s workflows.Status) bool { return s.Reason != "" })
	r.history(keep, "ReembedWorkflow-copying", running.ID, "")
	r.history(keep, "ReembedWorkflow-waiting", waiting.ID, "")
	require.NotEmpty(t, s.Progress.OpenRanges)
	r.history(keep, "SyncRangeWorkflow-open", s.Progress.OpenRanges[0], "")
	r.history(keep, "GateWorkflow-open", workflows.GateID, "")

	r.complete(running, "docs")
	// The next is cancelled before anything is recorded, as it copies meanwhile.
	r.await(waiting, "half a copy", halfCopied)
	require.NoError(t, r.client.Cancel(t.Context(), waiting, "recorded"))
	require.Equal(t, workflows.Cancelled, r.finish(waiting).State)
	r.history(keep, "ReembedWorkflow-continued", running.ID, running.Run)
	r.history(keep, "ReembedWorkflow-completed", running.ID, "")
	r.history(keep, "SyncRangeWorkflow-completed", s.Progress.OpenRanges[0], "")
	r.history(keep, "ReembedWorkflow-cancelled", waiting.ID, "")

	dry := r.begin(workflows.Request{Namespace: "c", To: "large", DryRun: true})
	require.Equal(t, workflows.Completed, r.finish(dry).State)
	r.history(keep, "ReembedWorkflow-planned", dry.ID, "")
	refused := r.begin(workflows.Request{Namespace: "nowhere", To: "large"})
	require.Equal(t, workflows.Failed, r.finish(refused).State)
	r.history(keep, "ReembedWorkflow-refused", refused.ID, "")
	short := int64(1)
	late := r.begin(workflows.Request{Namespace: "c", To: "large", TimeoutSeconds: &short})
	require.Equal(t, workflows.Failed, r.finish(late).State)
	r.history(keep, "ReembedWorkflow-failed", late.ID, "")

	replay(t, keep)
	holdNoText(t, keep)
}

// identity is who did a task: process and host, which are nobody's business.
var identity = regexp.MustCompile(`"identity": "[^"]*"`)

// history keeps what the server wrote down of one run, the latest where none is named.
func (r *rig) history(dir, name, id, run string) {
	r.t.Helper()
	args := []string{"workflow", "show", "--workflow-id", id, "-o", "json"}
	if run != "" {
		args = append(args, "--run-id", run)
	}
	out, code := r.temporal(args...)
	require.Zero(r.t, code, out)
	require.NoError(r.t, os.MkdirAll(dir, 0o755))
	out = identity.ReplaceAllString(out, `"identity": "recorded"`)
	require.NoError(r.t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(out), 0o644))
}

func replay(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.NoError(t, replaytest.File(f))
	}
}
