package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
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

// TestJobResetAfterItsEndIsCounted guards the limit against a job that is taken
// up again in the middle, when its slot has long gone to another: the gate hears
// of it as soon as the job finds that it lost its namespace too.
func TestJobResetAfterItsEndIsCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{
		items: 1500, latency: 500 * time.Millisecond, more: []string{"b"},
		env: []string{"REEMBED_BATCH_SIZE=50", "MAX_CONCURRENT_REEMBED_JOBS=1"},
	})
	r.worker()
	ended := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(ended, "half a copy", halfCopied)
	at := r.lastTask(ended.ID)
	r.complete(ended, "docs")
	other := r.begin(workflows.Request{Namespace: "b", To: "large"})
	r.await(other, "half a copy", halfCopied)

	out, code := r.temporal("workflow", "reset", "--workflow-id", ended.ID, "--event-id", at, "--reason", "test")
	require.Zero(t, code, out)
	require.Eventually(t, func() bool {
		gate, err := r.client.Gate(t.Context())
		return err == nil && slices.ContainsFunc(gate.Holders, func(h activities.SlotRequest) bool { return h.Job == ended.ID })
	}, patience, 50*time.Millisecond, "the gate does not know who runs")
	again := r.complete(starter.Handle{ID: ended.ID}, "docs")
	require.EqualValues(t, 2, again.Route.Generation, "switched once")
	r.complete(other, "b")
}

// lastTask is the event id of the job's last completed workflow task.
func (r *rig) lastTask(id string) string {
	r.t.Helper()
	out, code := r.temporal("workflow", "show", "--workflow-id", id, "-o", "json")
	require.Zero(r.t, code, out)
	var history struct {
		Events []struct{ EventID, EventType string }
	}
	require.NoError(r.t, json.Unmarshal([]byte(out), &history))
	last := ""
	for _, e := range history.Events {
		if e.EventType == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED" {
			last = e.EventID
		}
	}
	require.NotEmpty(r.t, last)
	return last
}
