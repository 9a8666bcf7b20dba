package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// soaked waits until the condition holds of the namespace's soak.
func (r *rig) soaked(namespace, what string, holds func(workflows.SoakStatus) bool) workflows.SoakStatus {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var last workflows.SoakStatus
	var err error
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	for ; ctx.Err() == nil; <-every.C {
		if last, err = r.client.Soak(ctx, namespace); err == nil && holds(last) {
			return last
		}
	}
	out, _ := r.temporal("workflow", "show", "--workflow-id", workflows.SoakID(namespace)); r.t.Log(out)
	require.FailNow(r.t, "no "+what, "%+v %v", last, err)
	return last
}

func inStep(s workflows.SoakStatus) bool {
	return s.Phase == workflows.SoakSoaking && s.Active.SyncedAt != nil && s.Standby.SyncedAt != nil
}

// TestSoakAndRollback goes to the new model, and back again.
func TestSoakAndRollback(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 300, env: []string{"REEMBED_SOAK_SECONDS=3600"}})
	r.worker()
	former := r.route("docs")
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.complete(job, "docs")
	require.Equal(t, workflows.SoakID("docs"), s.Soak)
	soak := r.soaked("docs", "soak in step", inStep)
	require.Equal(t, "loses nothing", soak.Rollback)
	require.Equal(t, former.Locator, soak.Standby.Locator)

	refused := r.finish(r.begin(workflows.Request{Namespace: "docs", To: "large"}))
	require.Equal(t, "SOAKING", refused.ErrorCode, refused.Reason)

	r.write("more.jsonl", lines("docs", 340))
	r.reembed("import", r.dir+"/more.jsonl", "--namespace", "docs")
	soak, err := r.client.Rollback(t.Context(), "docs", workflows.RollbackRequest{}, true)
	require.NoError(t, err)
	require.Equal(t, workflows.SoakReversed, soak.Phase, fmt.Sprintf("%+v", soak))
	require.Equal(t, former.Locator, r.route("docs").Locator)
	require.Equal(t, former.Generation+2, r.route("docs").Generation)
	r.everyVectorIsRight("docs", "small")

	// The newer generation is found by the next job.
	again := r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	require.GreaterOrEqual(t, again.Plan.AlreadyThere, int64(300))
	r.soaked("docs", "second soak in step", inStep)
	soak, err = r.client.Retire(t.Context(), "docs", workflows.RetireRequest{Locator: former.Locator})
	require.NoError(t, err)
	require.Equal(t, workflows.SoakRetired, soak.Phase)
	r.everyVectorIsRight("docs", "large")
}
