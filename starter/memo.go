package starter

import (
	"cmp"

	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/reembed/reembed/workflows"
)

// memo reads a value of a memo into v and reports whether it was there. A
// foreign value counts as absent: anybody may start a workflow with any memo.
func (c *Client) memo(m *commonpb.Memo, key string, v any) bool {
	p, ok := m.GetFields()[key]
	return ok && c.config.DataConverter.FromPayload(p, v) == nil
}

// outline is what Temporal itself knows of a job, without a worker.
func (c *Client) outline(info *workflowpb.WorkflowExecutionInfo) workflows.Status {
	memo := workflows.JobMemo{State: workflows.Pending, Phase: workflows.Queued}
	c.memo(info.GetMemo(), workflows.MemoJob, &memo)
	s := workflows.Status{
		Job:       info.GetExecution().GetWorkflowId(),
		Run:       cmp.Or(info.GetFirstRunId(), info.GetExecution().GetRunId()),
		Namespace: memo.Namespace, From: memo.From, To: memo.To,
		State: memo.State, Phase: memo.Phase, Priority: memo.Priority, DryRun: memo.DryRun,
	}
	// The memo is as old as the last phase; how a workflow ended is Temporal's to say.
	if ended := stateOf(info.GetStatus()); ended.Final() {
		s.State = ended
	} else if s.State.Final() {
		s.State = workflows.Running
	}
	if t := info.GetStartTime(); t != nil {
		s.StartedAt = t.AsTime()
	}
	if t := info.GetCloseTime(); t != nil {
		end := t.AsTime()
		s.FinishedAt = &end
	}
	s.Progress.State, s.Progress.Phase, s.Progress.ETASeconds = s.State, s.Phase, -1
	return s
}
