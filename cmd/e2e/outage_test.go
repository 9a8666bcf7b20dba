package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/cmd/stand"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// TestTemporalCutOffInMidJob: worker and CLI lose the server for longer than a
// heartbeat may be late. The CLI says so, the worker says that it is not ready,
// and once the server is back the job goes on with the same worker.
func TestTemporalCutOffInMidJob(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w, err := stand.NewWire(r.server.Address())
	require.NoError(t, err)
	t.Cleanup(w.Close)
	r.env = append(r.env, "TEMPORAL_ADDRESS="+w.Address())
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	require.Equal(t, http.StatusOK, r.readyz())

	w.Cut(true)
	out, code := r.tryReembed("status", job.ID)
	require.Equal(t, 4, code, out)
	require.Contains(t, out, "connect to Temporal at "+w.Address())
	out, code = r.tryReembed("start", "docs", "--to", "large")
	require.Equal(t, 4, code, out)
	require.Eventually(t, func() bool { return r.readyz() == http.StatusServiceUnavailable }, patience, 100*time.Millisecond)
	require.Eventually(t, func() bool { return r.segmentsTried(c, job) > 1 }, patience, 500*time.Millisecond, "a heartbeat is missed")
	require.Equal(t, "small", r.route("docs").Model)

	w.Cut(false)
	r.complete(job, "docs")
	require.Equal(t, http.StatusOK, r.readyz())
}

// readyz is the answer of the worker's readiness probe.
func (r *rig) readyz() int {
	r.t.Helper()
	answer, err := http.Get("http://" + r.http + "/readyz")
	require.NoError(r.t, err)
	require.NoError(r.t, answer.Body.Close())
	return answer.StatusCode
}

// segmentsTried is the latest attempt of the job's running segments.
func (r *rig) segmentsTried(c client.Client, h starter.Handle) int32 {
	r.t.Helper()
	job, err := c.DescribeWorkflowExecution(r.t.Context(), h.ID, "")
	require.NoError(r.t, err)
	var most int32
	for _, child := range job.GetPendingChildren() {
		d, err := c.DescribeWorkflowExecution(r.t.Context(), child.GetWorkflowId(), "")
		require.NoError(r.t, err)
		for _, a := range d.GetPendingActivities() {
			most = max(most, a.GetAttempt())
		}
	}
	return most
}
