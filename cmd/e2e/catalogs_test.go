package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// TestWorkerWithAnotherCatalog: one of two workers means another model by the
// target's name. Where it takes work it refuses it, with the key that differs,
// and the job fails: nothing of the other model was written, and the next job
// goes on from what is there.
func TestWorkerWithAnotherCatalog(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	right := r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	r.write("other.yaml", strings.Replace(slow.file(), "large: {", `large: {revision: "2", `, 1))
	wrong := r.worker("REEMBED_CATALOG="+filepath.Join(r.dir, "other.yaml"), "REEMBED_HTTP_ADDR=127.0.0.1:0")
	require.NoError(t, right.Stop(30*time.Second)) // so that the other one has to take a segment
	s := r.finish(job)
	require.Equal(t, workflows.Failed, s.State)
	require.Equal(t, "CATALOG_MISMATCH", s.ErrorCode, s.Reason)
	require.Contains(t, s.Reason, `revision is "2" here, "" in the job`)
	require.Contains(t, s.Reason, filepath.Join(r.dir, "other.yaml"))
	r.everyVectorIsRight("docs", "small")
	out := r.reembed("status", job.ID)
	require.Contains(t, out, "Give all workers the same catalog")

	require.NoError(t, wrong.Stop(30*time.Second))
	r.worker()
	done := r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	require.Positive(t, done.Plan.AlreadyThere)
}
