package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/workflows"
)

// TestHistoriesReplayOfSoaks runs soaks into the situations that a deploy may find
// them in - armed, soaking, rolled back, retired - and replays what the server
// wrote down.
func TestHistoriesReplayOfSoaks(t *testing.T) {
	t.Parallel()
	r := soakRig(t, 100)
	r.worker()
	keep := *record
	if keep == "" {
		keep = t.TempDir()
	}
	none := int64(0)
	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "small", SoakSeconds: &none}), "docs") // there is a gate
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	soak := workflows.SoakID("docs")
	r.leftOver(c)
	r.history(keep, "SoakWorkflow-armed", soak, "")

	job := r.begin(workflows.Request{Namespace: "docs", To: "large"}) // ends that one, and arms its own
	r.complete(job, "docs")
	r.history(keep, "ReembedWorkflow-soaked", job.ID, "")
	r.soaked("docs", "soak in step", inStep)
	r.history(keep, "SoakWorkflow-soaking", soak, "")
	r.rolledBack("docs")
	r.history(keep, "SoakWorkflow-reversed", soak, "")

	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	_, err = r.client.Retire(t.Context(), "docs", workflows.RetireRequest{})
	require.NoError(t, err)
	r.history(keep, "SoakWorkflow-retired", soak, "")
	replay(t, keep)
}
