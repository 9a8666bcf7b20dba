package rig

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/reembed/reembed/workflows"
)

// The times that the benchmark is about come from a job's history alone.
func TestStoryOfAJob(t *testing.T) {
	t.Parallel()
	zero := time.Unix(1000, 0)
	at := func(seconds int) *timestamppb.Timestamp {
		return timestamppb.New(zero.Add(time.Duration(seconds) * time.Second))
	}
	phase := func(seconds int, p workflows.Phase) *historypb.HistoryEvent {
		memo, err := converter.GetDefaultDataConverter().ToPayload(workflows.JobMemo{Phase: p})
		require.NoError(t, err)
		return &historypb.HistoryEvent{
			EventTime: at(seconds),
			Attributes: &historypb.HistoryEvent_WorkflowPropertiesModifiedEventAttributes{
				WorkflowPropertiesModifiedEventAttributes: &historypb.WorkflowPropertiesModifiedEventAttributes{
					UpsertedMemo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.MemoJob: memo}},
				},
			},
		}
	}
	child := &historypb.HistoryEvent{
		EventTime: at(4),
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
			ChildWorkflowExecutionStartedEventAttributes: &historypb.ChildWorkflowExecutionStartedEventAttributes{
				WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "range"},
			},
		},
	}
	var s story
	for _, e := range []*historypb.HistoryEvent{
		{EventTime: at(0)},
		phase(1, workflows.Copying),
		child,
		phase(11, workflows.CatchingUp),
		phase(14, workflows.Verifying),
		phase(15, workflows.CatchingUp),
		phase(17, workflows.Switched),
		{EventTime: at(20)},
	} {
		require.NoError(t, s.root(e))
	}
	require.Equal(t, []Phase{
		{workflows.Copying, 10 * time.Second},
		{workflows.CatchingUp, 5 * time.Second},
		{workflows.Verifying, time.Second},
		{workflows.Switched, 0},
	}, s.phases)
	require.Equal(t, 20*time.Second, s.closed.Sub(s.started))
	require.Len(t, s.children, 1)
}
