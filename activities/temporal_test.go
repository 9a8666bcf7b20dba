package activities_test

import (
	"context"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

const (
	running    = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	completed  = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	terminated = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

// look is what one Describe of a workflow answers.
type look struct {
	first, run string
	status     enumspb.WorkflowExecutionStatus
	children   []string // workflow ids of those that are pending
	activities []*workflowpb.PendingActivityInfo
	memo       *commonpb.Memo
	err        error
}

// temporalServer stands for the server: each workflow has a list of looks that
// are answered in turn, the last one for ever. A workflow without one is unknown.
type temporalServer struct {
	client.Client // all other calls are a mistake, and panic

	mu       sync.Mutex
	looks    map[string][]look
	waited   []string // runs that were waited for
	waitErr  error    // of such a wait; nil: the run was terminated
	told     []string // ids of workflows that were signalled
	signals  []any    // arguments of SignalWithStart
	start    client.StartWorkflowOptions
	startErr error
	pages    []*workflowservice.ListWorkflowExecutionsResponse
	queries  []string
	listErr  error
}

func (s *temporalServer) DescribeWorkflowExecution(_ context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	looks := s.looks[id]
	if len(looks) == 0 {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	l := looks[0]
	if len(looks) > 1 {
		s.looks[id] = looks[1:]
	}
	if l.err != nil {
		return nil, l.err
	}
	out := &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: l.run}, FirstRunId: l.first, Status: l.status, Memo: l.memo,
	}}
	out.PendingActivities = l.activities
	for _, c := range l.children {
		out.PendingChildren = append(out.PendingChildren, &workflowpb.PendingChildExecutionInfo{WorkflowId: c, RunId: "c"})
	}
	return out, nil
}

func (s *temporalServer) GetWorkflow(_ context.Context, _, run string) client.WorkflowRun {
	return waitedRun{s: s, run: run}
}

type waitedRun struct {
	client.WorkflowRun
	s   *temporalServer
	run string
}

func (r waitedRun) GetWithOptions(ctx context.Context, _ any, o client.WorkflowRunGetOptions) error {
	if !o.DisableFollowingRuns {
		panic("following takes a reset for an end")
	}
	r.s.mu.Lock()
	r.s.waited = append(r.s.waited, r.run)
	err := r.s.waitErr
	r.s.mu.Unlock()
	if err == context.Canceled {
		<-ctx.Done()
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	return &temporal.WorkflowExecutionError{}
}

func (s *temporalServer) SignalWorkflow(_ context.Context, id, _, _ string, _ any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, id)
	return nil
}

func (s *temporalServer) SignalWithStartWorkflow(_ context.Context, id, signal string, arg any, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signals = append(s.signals, id, signal, arg, workflow, args[0])
	s.start = o
	return nil, s.startErr
}

func (s *temporalServer) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listErr != nil {
		return nil, s.listErr
	}
	s.queries = append(s.queries, r.GetQuery()+string(r.GetNextPageToken()))
	page := s.pages[0]
	s.pages = s.pages[1:]
	return page, nil
}
