package workflows_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestNamesAreAContract guards scripts, dashboards and running jobs: they know
// these names, and none of them is compiled with this program.
func TestNamesAreAContract(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]string{
		"job": "ReembedWorkflow", "range": "SyncRangeWorkflow", "gate": "GateWorkflow",
		"queue of jobs": "reembed", "queue of segments": "reembed-sync", "queue of the gate": "reembed-gate",
		"the gate's id": "reembed-gate", "progress": "progress", "status": "status", "cancel": "cancel",
		"state of the gate": "state", "size of the gate": "limit", "memo": "job", "slot": "slot",
		"acquire": "acquire", "withdraw": "withdraw", "grant": "slot-granted",
	}, map[string]string{
		"job": workflows.ReembedWorkflowName, "range": workflows.SyncRangeWorkflowName, "gate": workflows.GateWorkflowName,
		"queue of jobs": workflows.TaskQueue, "queue of segments": workflows.SyncTaskQueue, "queue of the gate": workflows.GateTaskQueue,
		"the gate's id": workflows.GateID, "progress": workflows.QueryProgress, "status": workflows.QueryStatus, "cancel": workflows.SignalCancel,
		"state of the gate": workflows.QueryGate, "size of the gate": workflows.SignalGateLimit, "memo": workflows.MemoJob, "slot": workflows.MemoSlot,
		"acquire": activities.SignalGateAcquire, "withdraw": activities.SignalGateWithdraw, "grant": activities.SignalSlotGranted,
	})
}

var allTasks = []workflows.Task{
	activities.SyncForward, activities.SyncBackward, activities.VerifyForward, activities.VerifyBackward,
}

// TestIDsTellRangesApart guards children: two of one id can't run. One job's id
// may look like that of a range of another.
func TestIDsTellRangesApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, job := range []string{"a", "a/1", "a/1/sync-forward", "a/1/sync-forward/1"} {
		for pass := range 12 {
			for _, task := range allTasks {
				for n := range 12 {
					id := workflows.RangeID(job, pass, task, n)
					require.False(t, seen[id], id)
					seen[id] = true
					require.True(t, strings.HasPrefix(id, job+"/"), "a range is found by its job's id")
				}
			}
		}
	}
}

// TestIDsAreHandy guards ids at their longest: they are typed into shells, and
// a server takes 1,000 bytes.
func TestIDsAreHandy(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("n", 100) // of a namespace in the catalog
	job := workflows.JobID(longest, "abcdefgh")
	require.Equal(t, "reembed-docs-abcdefgh", workflows.JobID("docs", "abcdefgh"))
	require.NotEqual(t, workflows.GateID, job)
	for _, task := range allTasks {
		id := workflows.RangeID(job, 1_000_000, task, activities.MaxRanges)
		require.Regexp(t, `^[A-Za-z0-9._/-]+$`, id)
		require.Less(t, len(id), 200)
	}
	seen := map[string]bool{}
	for _, namespace := range []string{"a", "a-b", "a-b-c"} { // what tells jobs apart has no hyphen
		for _, unique := range []string{"b", "c", "bc"} {
			id := workflows.JobID(namespace, unique)
			require.False(t, seen[id], id)
			seen[id] = true
		}
	}
}
