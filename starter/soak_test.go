package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// TestSoakWhoseWorkerWasLost guards against a soak that is said to retry for as long
// as the keeper works that went on behind a lost worker.
func TestSoakWhoseWorkerWasLost(t *testing.T) {
	t.Parallel()
	const lost = "activity Heartbeat timeout"
	for name, tt := range map[string]struct {
		state     enumspb.PendingActivityState
		heartbeat time.Duration // behind the attempt's start
		retrying  string
	}{
		"it works again":      {enumspb.PENDING_ACTIVITY_STATE_STARTED, time.Second, ""},
		"it has just started": {enumspb.PENDING_ACTIVITY_STATE_STARTED, -time.Minute, "KeepInStep, attempt 2: " + lost},
		"it waits":            {enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, time.Second, "KeepInStep, attempt 2: " + lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := newClient(t, starter.Config{})
			id := workflows.SoakID("docs")
			keeper := pendingActivity(t, workflows.StepResult{}, 2, lost)
			keeper.ActivityType.Name, keeper.State = workflows.KeepInStepName, tt.state
			keeper.LastStartedTime = timestamppb.New(begin)
			keeper.LastHeartbeatTime = timestamppb.New(begin.Add(tt.heartbeat))
			server.On("DescribeWorkflowExecution", mock.Anything, id, "").
				Return(described(execution(t, id, "r1", "r1", running), keeper), nil)
			answers(t, server, id, "r1", workflows.QueryStatus, workflows.SoakStatus{Namespace: "docs", Phase: workflows.SoakSoaking})
			s, err := c.Soak(t.Context(), "docs")
			require.NoError(t, err)
			require.Equal(t, tt.retrying, s.LastError)
		})
	}
}
