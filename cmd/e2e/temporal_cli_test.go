package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// readme returns the commands of the README that begin with the words, whole,
// with continued lines joined.
func readme(t *testing.T, words string) []string {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	joined := strings.ReplaceAll(string(raw), "\\\n", " ")
	found := regexp.MustCompile(`(?m)^\$ (`+regexp.QuoteMeta(words)+`.*)$`).FindAllStringSubmatch(joined, -1)
	require.NotEmpty(t, found, "the README shows no %q", words)
	var commands []string
	for _, f := range found {
		commands = append(commands, f[1])
	}
	return commands
}

// shell runs a command of the README as it stands there.
func (r *rig) shell(command string) (string, int) {
	r.t.Helper()
	found, err := devserver.Find()
	require.NoError(r.t, err)
	env := append(r.env[:len(r.env):len(r.env)], "PATH="+built+":"+strings.TrimSuffix(found, "/temporal")+":"+os.Getenv("PATH"))
	cmd := exec.CommandContext(r.t.Context(), "bash", "-c", command)
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

	start := readme(t, "temporal workflow start")[0]
	out, code := r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "half a copy", halfCopied)

	out, code = r.shell(readme(t, "temporal workflow describe")[0])
	require.Zero(t, code, out)
	require.Contains(t, out, "ReembedWorkflow")
	for _, query := range readme(t, "temporal workflow query") {
		out, code = r.shell(query + " -o json")
		require.Zero(t, code, out)
		require.Contains(t, out, "copying", query)
	}

	out, code = r.shell(readme(t, "temporal workflow signal")[0])
	require.Zero(t, code, out)
	s := r.finish(job)
	require.Equal(t, workflows.Cancelled, s.State)
	require.Contains(t, s.Reason, "wrong model")
	require.Equal(t, "small", r.route("docs").Model, "a cancelled job touches no route")

	// Cancelled through Temporal itself: the same end.
	out, code = r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "half a copy", func(s workflows.Status) bool { return s.State == workflows.Running && halfCopied(s) })
	out, code = r.shell(readme(t, "temporal workflow cancel")[0])
	require.Zero(t, code, out)
	require.Equal(t, workflows.Cancelled, r.finish(job).State)

	// Terminated: nothing is told, and the next job goes on all the same.
	out, code = r.shell(start)
	require.Zero(t, code, out)
	r.await(job, "a slot", func(s workflows.Status) bool { return s.State == workflows.Running })
	out, code = r.shell(readme(t, "temporal workflow terminate")[0])
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
