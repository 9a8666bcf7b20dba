package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// shell runs what the README shows, as it stands there.
func (r *rig) shell(commands string) (string, int) {
	r.t.Helper()
	found, err := devserver.Find()
	require.NoError(r.t, err)
	env := append(r.env[:len(r.env):len(r.env)], "PATH="+built+":"+filepath.Dir(found)+":"+os.Getenv("PATH"))
	cmd := exec.CommandContext(r.t.Context(), "bash", "-c", commands)
	cmd.Env, cmd.Dir = env, r.dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(r.t, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestPlainTemporalCLI runs the temporal commands of the README, in their order,
// against a job that takes a while.
func TestPlainTemporalCLI(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	r.worker()
	job := starter.Handle{ID: "my-job"}

	shown := readme(t, "Jobs with the plain `temporal` CLI")
	start, signal := the(t, shown, "temporal workflow start"), the(t, shown, "temporal workflow signal")
	cancel, terminate := the(t, shown, "temporal workflow cancel"), the(t, shown, "temporal workflow terminate")
	out, code := r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "half a copy", halfCopied)

	// All that only looks.
	for _, command := range shown {
		switch command {
		case start, signal, cancel, terminate:
			continue
		}
		out, code = r.shell(command + " -o json")
		require.Zero(t, code, out)
		require.Contains(t, out, looks(t, command), command)
	}

	out, code = r.shell(signal)
	require.Zero(t, code, out)
	s := r.finish(job)
	require.Equal(t, workflows.Cancelled, s.State)
	require.Contains(t, s.Reason, "wrong model")
	require.Equal(t, "small", r.route("docs").Model, "a cancelled job touches no route")

	// Cancelled through Temporal itself: the same end.
	out, code = r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "half a copy", func(s workflows.Status) bool { return s.State == workflows.Running && halfCopied(s) })
	out, code = r.shell(cancel)
	require.Zero(t, code, out)
	require.Equal(t, workflows.Cancelled, r.finish(job).State)

	// Terminated: nothing is told, and the next job goes on all the same.
	out, code = r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "a slot", func(s workflows.Status) bool { return s.State == workflows.Running })
	out, code = r.shell(terminate)
	require.Zero(t, code, out)

	out, code = r.shell(start)
	require.Zero(t, code, out)
	done := r.complete(job, "docs")
	require.Positive(t, done.Plan.AlreadyThere)
	out, code = r.shell("temporal workflow result --workflow-id my-job -o json")
	require.Zero(t, code, out)
	var result struct {
		Status string           `json:"status"`
		Result workflows.Status `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result), out)
	require.Equal(t, workflows.Completed, result.Result.State)
}

// looks says what a command of the README that only looks has to find.
func looks(t *testing.T, command string) string {
	t.Helper()
	for words, finds := range map[string]string{
		"temporal workflow describe ": workflows.ReembedWorkflowName,
		"temporal workflow query ":    string(workflows.Copying),
	} {
		if strings.HasPrefix(command, words) {
			return finds
		}
	}
	require.Fail(t, "no test runs this command of the README", command)
	return ""
}

// TestTypingErrorsFailAtOnce guards the strict reading of requests that come
// without the starter.
func TestTypingErrorsFailAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 10})
	r.worker()
	for name, c := range map[string]struct{ input, says string }{
		"field":     {`{"namespace":"docs","to":"large","prioritty":"HIGH"}`, "prioritty"},
		"namespace": {`{"namespace":"dogs","to":"large"}`, `"dogs"`},
		"model":     {`{"namespace":"docs","to":"larger"}`, `"larger"`},
		"type":      {`{"namespace":"docs","to":7}`, "to"},
		"from":      {`{"namespace":"docs","to":"large","from":"large"}`, "from"},
		"no object": {`"docs"`, "request"},
	} {
		t.Run(name, func(t *testing.T) {
			id := "typo-" + strings.ReplaceAll(name, " ", "-")
			out, code := r.temporal("workflow", "execute", "--type", workflows.ReembedWorkflowName,
				"--task-queue", workflows.TaskQueue, "--workflow-id", id, "--input", c.input)
			require.NotZero(t, code, out)
			s, err := r.client.Status(t.Context(), starter.Handle{ID: id})
			require.NoError(t, err)
			require.Equal(t, workflows.Failed, s.State)
			require.Equal(t, "INVALID_REQUEST", s.ErrorCode)
			require.Contains(t, s.Reason, c.says)
		})
	}
}
