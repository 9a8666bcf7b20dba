package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// parkedAt waits until a job waits for people and the gate has its slot back.
func (r *rig) parkedAt(job starter.Handle) {
	r.t.Helper()
	r.await(job, "a person", func(s workflows.Status) bool {
		if s.Phase != workflows.Ready || !strings.Contains(s.Reason, "reembed cutover "+job.ID) {
			return false
		}
		gate, err := r.client.Gate(r.t.Context())
		return err == nil && len(gate.Holders) == 0 && len(gate.Parked) == 1
	})
}

// TestManualCutover runs the commands of the README against a fleet with one slot:
// a job that waits for people lets others pass, survives its gate and its worker,
// keeps up with what is imported meanwhile, and switches when it is told.
func TestManualCutover(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 60, more: []string{"other"}, env: []string{"MAX_CONCURRENT_REEMBED_JOBS=1"}})
	w := r.worker()
	shown := readme(t, "Cutting over by hand")
	require.Len(t, shown, 4)
	job := starter.Handle{ID: "by-hand"}

	out, code := r.shell(shown[0])
	require.Zero(t, code, out)
	r.parkedAt(job)
	r.complete(r.begin(workflows.Request{Namespace: "other", To: "large"}), "other") // in the one slot

	// Another job of its namespace waits, also where gate and worker were lost.
	rival := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	out, code = r.temporal("workflow", "terminate", "--workflow-id", workflows.GateID, "--reason", "a test")
	require.Zero(t, code, out)
	require.NoError(t, w.Kill())
	r.worker()
	r.parkedAt(job)
	require.Equal(t, workflows.Pending, r.await(rival, "an answer", func(workflows.Status) bool { return true }).State)
	require.NoError(t, r.client.Cancel(t.Context(), rival, "it only wanted to try"))
	require.Equal(t, workflows.Cancelled, r.finish(rival).State)

	r.write("later.jsonl", strings.ReplaceAll(lines("docs", 70), "tells of", "tells now of"))
	r.reembed("import", filepath.Join(r.dir, "later.jsonl"), "--namespace", "docs")
	require.Equal(t, "small", r.route("docs").Model)
	out, code = r.shell(shown[1])
	require.Zero(t, code, out)
	s := r.complete(job, "docs")
	require.Equal(t, "ops", s.Cutover.By)

	again, code := r.shell(shown[1])
	require.Equal(t, 6, code, again)
	require.Contains(t, again, "over")
}

// TestManualCutoverWithTheTemporalCLI is the same without a program of ours.
func TestManualCutoverWithTheTemporalCLI(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 60})
	r.worker()
	shown := readme(t, "Cutting over by hand")
	job := starter.Handle{ID: "by-hand-too"}
	out, code := r.shell(shown[2])
	require.Zero(t, code, out)
	r.parkedAt(job)

	out, code = r.temporal("workflow", "update", "execute", "--workflow-id", job.ID, "--name", "cutover", "--input", `{"who": "ops"}`)
	require.NotZero(t, code, out)
	require.Contains(t, out, `unknown field`)
	out, code = r.shell(shown[3])
	require.Zero(t, code, out)
	require.Contains(t, out, "ops")
	require.Equal(t, "ops", r.complete(job, "docs").Cutover.By)

	dry := r.begin(workflows.Request{Namespace: "docs", To: "small", DryRun: true})
	_, err := r.client.Cutover(t.Context(), dry, "ops")
	require.Error(t, err)
	require.Equal(t, workflows.Completed, r.finish(dry).State)
	_, err = r.client.Cutover(t.Context(), dry, "ops")
	require.ErrorIs(t, err, starter.ErrOver)
	out, code = r.temporal("workflow", "update", "execute", "--workflow-id", "nothing", "--name", "cutover")
	require.NotZero(t, code, out)
}

// TestHooksAroundASwitch guards commands as a worker runs them: a veto holds the
// switch back, and the post hook gets what was switched.
func TestHooksAroundASwitch(t *testing.T) {
	t.Parallel()
	hooks := ", publish: docs_active, hooks: {veto: {command: [sh, -c, 'test -e allowed || { echo not yet; exit 1; }']}, post: {command: [sh, -c, 'cat > told.json']}}"
	r := newRig(t, setting{items: 60, catalog: strings.Replace(setting{}.file(), "writes: text", "writes: text"+hooks, 1)})
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.await(job, "a veto", func(s workflows.Status) bool { return strings.HasPrefix(s.Reason, "vetoed: ") })
	require.Contains(t, s.Reason, "vetoed: the veto hook says: not yet; asks again at ")
	require.Equal(t, workflows.Ready, s.Phase)
	require.Equal(t, "small", r.route("docs").Model)
	r.write("allowed", "")
	s = r.complete(job, "docs")
	require.Empty(t, s.Warnings)
	require.FileExists(t, filepath.Join(r.dir, "told.json"))

	db := r.open()
	view := column(r, db, "SELECT id, stamp FROM docs_active")
	require.Equal(t, column(r, db, fmt.Sprintf("SELECT id, stamp FROM %q", r.route("docs").Locator)), view)
}
