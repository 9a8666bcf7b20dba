package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// TestTwoJobsOnOneNamespace guards one job per namespace: the second waits, and
// then works on what the first left, not on what it saw when it was started.
func TestTwoJobsOnOneNamespace(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	r.worker()
	first := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(first, "half a copy", halfCopied)
	second := r.begin(workflows.Request{Namespace: "docs", To: "small"})
	s := r.await(second, "the queue", func(s workflows.Status) bool { return s.Reason != "" })
	require.Equal(t, workflows.Pending, s.State)
	require.Equal(t, workflows.Queued, s.Phase)

	one := r.finish(first)
	require.Equal(t, workflows.Completed, one.State, one.Reason)
	two := r.complete(second, "docs")
	require.False(t, two.RunningSince.Before(*one.FinishedAt), "the second ran beside the first")
	require.Equal(t, "large", two.Former.Model)
	require.EqualValues(t, 3, two.Route.Generation)
}

// TestFourJobsTwoSlots guards the limit over the fleet, and that the most urgent
// of those that wait is next.
func TestFourJobsTwoSlots(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{
		items: 1000, latency: 500 * time.Millisecond, more: []string{"b", "c", "d"},
		env: []string{"REEMBED_BATCH_SIZE=50", "MAX_CONCURRENT_REEMBED_JOBS=2"},
	})
	r.worker()
	r.worker("REEMBED_HTTP_ADDR=127.0.0.1:0")
	running := func(s workflows.Status) bool { return s.RunningSince != nil }
	jobs := map[string]starter.Handle{}
	for _, ns := range []string{"docs", "b"} {
		jobs[ns] = r.begin(workflows.Request{Namespace: ns, To: "large"})
		r.await(jobs[ns], "a slot", running)
	}
	waits := func(s workflows.Status) bool { return strings.Contains(s.Reason, "slot") }
	jobs["c"] = r.begin(workflows.Request{Namespace: "c", To: "large", Priority: "low"})
	r.await(jobs["c"], "the queue", waits)
	jobs["d"] = r.begin(workflows.Request{Namespace: "d", To: "large", Priority: "critical"})
	r.await(jobs["d"], "the queue", waits)

	gate, err := r.client.Gate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, gate.Limit)
	require.Len(t, gate.Holders, 2)

	ends := map[string]workflows.Status{}
	for _, ns := range []string{"docs", "b", "c", "d"} {
		ends[ns] = r.complete(jobs[ns], ns)
	}
	require.True(t, ends["d"].RunningSince.Before(*ends["c"].RunningSince), "LOW went before CRITICAL")
	for moment, at := range ends {
		var beside int
		for _, s := range ends {
			if !s.RunningSince.After(*at.RunningSince) && s.FinishedAt.After(*at.RunningSince) {
				beside++
			}
		}
		require.LessOrEqual(t, beside, 2, "jobs that ran when %s began", moment)
	}
}

// TestGateTerminated guards recovery: a gate that lost its state neither hands
// out a held slot nor forgets who waits.
func TestGateTerminated(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{
		items: 1500, latency: 500 * time.Millisecond, more: []string{"b"},
		env: []string{"REEMBED_BATCH_SIZE=50", "MAX_CONCURRENT_REEMBED_JOBS=1"},
	})
	r.worker()
	first := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(first, "half a copy", halfCopied)
	second := r.begin(workflows.Request{Namespace: "b", To: "large"})
	r.await(second, "the queue", func(s workflows.Status) bool { return s.Reason != "" })

	out, code := r.temporal("workflow", "terminate", "--workflow-id", workflows.GateID, "--reason", "test")
	require.Zero(t, code, out)
	one := r.complete(first, "docs")
	two := r.complete(second, "b")
	require.False(t, two.RunningSince.Before(*one.FinishedAt), "the new gate went over the limit")
}
