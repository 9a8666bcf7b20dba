package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestHistoriesReplayOfAWaitingJob does the same for a job that is found while it
// waits for a person, with its slot given back, and for the gate that has it.
func TestHistoriesReplayOfAWaitingJob(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 20})
	r.worker()
	keep := *record
	if keep == "" {
		keep = t.TempDir()
	}
	job := r.begin(workflows.Request{Namespace: "docs", To: "large", Cutover: activities.CutoverManual})
	r.parkedAt(job)
	r.history(keep, "ReembedWorkflow-ready-open", job.ID, "")
	r.history(keep, "GateWorkflow-parked", workflows.GateID, "")
	_, err := r.client.Cutover(t.Context(), job, "ops")
	require.NoError(t, err)
	r.complete(job, "docs")
	r.history(keep, "ReembedWorkflow-cut-over", job.ID, "")
	replay(t, keep)
}
