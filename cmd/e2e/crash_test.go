package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// slow is a corpus that takes a few seconds to copy.
var slow = setting{items: 4000, latency: 800 * time.Millisecond, env: []string{"REEMBED_BATCH_SIZE=50"}}

// halfCopied holds in the middle of the copy.
func halfCopied(s workflows.Status) bool {
	return s.Phase == workflows.Copying && s.Progress.ItemsDone > 0
}

func TestWorkerKilledWhileItCopies(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	first := r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.copyBegins(job)
	r.await(job, "half a copy", halfCopied)
	require.NoError(t, first.Kill())
	lost := r.onTheirWay("large")

	r.worker()
	s := r.complete(job, "docs")
	require.EqualValues(t, 4000, s.Verification.Items)
	r.verifiedAfterLateWrites(job)
	// 4 segments with 4 requests of 50 inputs each may be under way.
	require.LessOrEqual(t, lost, 4*4*50, "texts that were sent and not written when the worker died")
}

// TestWorkerStopsWithoutLosingWork guards the graceful stop: a segment hands
// back what it has done, so that no text is embedded twice.
func TestWorkerStopsWithoutLosingWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	first := r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.copyBegins(job)
	r.await(job, "half a copy", halfCopied)
	require.NoError(t, first.Stop(30*time.Second))
	require.Zero(t, first.ExitCode())
	require.Zero(t, r.onTheirWay("large"), "texts that were sent and not written when the worker stopped")

	r.worker()
	r.complete(job, "docs")
}

// TestCancelledJobCountsWhatItDid guards the final status: what the ranges wrote
// that were open when the job was cancelled was missing in it.
func TestCancelledJobCountsWhatItDid(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	require.NoError(t, r.client.Cancel(t.Context(), job, "test"))
	s := r.finish(job)
	require.Equal(t, workflows.Cancelled, s.State)
	require.Positive(t, s.Progress.Totals.Written)
	rows := r.records("large")
	require.LessOrEqual(t, s.Progress.Totals.Written, rows)
	require.LessOrEqual(t, rows-s.Progress.Totals.Written, int64(4*200), "one write of each segment may have been cut off")
}

func TestServerKilledAndRestarted(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	require.NoError(t, r.server.Kill())
	require.NoError(t, r.server.Restart(t.Context()))
	r.complete(job, "docs")
}

// TestTerminatedJobIsFencedAndFollowed guards the lease: what a terminated job
// held is taken over by the next one, which goes on from its shadow.
func TestTerminatedJobIsFencedAndFollowed(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	r.worker()
	first := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(first, "half a copy", halfCopied)
	out, code := r.temporal("workflow", "terminate", "--workflow-id", first.ID, "--reason", "test")
	require.Zero(t, code, out)

	second := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.complete(second, "docs")
	require.Positive(t, s.Plan.AlreadyThere, "what the terminated job wrote")
}

// TestHungWorkerIsReplaced guards the switch against a worker that was given up
// on, and is still there: what it has under way may land as long as its store
// takes for a write, and the job waits for that before its last look.
func TestHungWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	first := r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	require.NoError(t, first.Signal(syscall.SIGSTOP))
	r.worker("REEMBED_HTTP_ADDR=127.0.0.1:0")
	r.complete(job, "docs")
	r.verifiedAfterLateWrites(job)
	require.NoError(t, first.Signal(syscall.SIGCONT)) // what it still has in hand must spoil nothing
	require.NoError(t, first.Stop(60*time.Second))
	r.everyVectorIsRight("docs", "large")
}

// locator is where the vectors of a model are.
func (r *rig) locator(model string) (name string) {
	r.t.Helper()
	require.NoError(r.t, r.open().QueryRow("SELECT locator FROM reembed_generations WHERE model = ?", model).Scan(&name))
	return name
}

// records is how many vectors of a model there are.
func (r *rig) records(model string) (n int64) {
	r.t.Helper()
	require.NoError(r.t, r.open().QueryRow("SELECT count(*) FROM \""+r.locator(model)+"\"").Scan(&n))
	return n
}

// copyBegins waits for the copy, and remembers what the plan's sample sent.
func (r *rig) copyBegins(h starter.Handle) {
	r.t.Helper()
	r.await(h, "the copy", func(s workflows.Status) bool { return s.Phase == workflows.Copying })
	sent, err := hashing.ReadTally(r.tally())
	require.NoError(r.t, err)
	r.planned = len(sent)
}

// onTheirWay counts the texts that the copy had sent to the model's embedder,
// and that no record was made from.
func (r *rig) onTheirWay(model string) int {
	r.t.Helper()
	sent, err := hashing.ReadTally(r.tally())
	require.NoError(r.t, err)
	db := r.open()
	written := map[string]bool{}
	for _, stamp := range column(r, db, "SELECT id, stamp FROM \""+r.locator(model)+"\"") {
		s, err := backends.ParseStamp(stamp)
		require.NoError(r.t, err)
		written[s.Content] = true
	}
	lost := map[string]bool{}
	for _, s := range sent[r.planned:] {
		if s.Purpose == backends.Document && !written[s.Content] {
			lost[s.Content] = true
		}
	}
	return len(lost)
}
