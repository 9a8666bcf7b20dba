package workflows_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/workflows"
)

// soakStage runs one soak with actors in place of the activities. An actor of
// KeepInStep works for as long as it is asked to, by the test's clock.
type soakStage struct {
	t    *testing.T
	env  *testsuite.TestWorkflowEnvironment
	plan workflows.SoakPlan

	mu     sync.Mutex
	calls  []string
	before map[string]func(n int) error
	onCall func(name string, n int)

	neverSwitched bool
	justSwitched  bool             // as the one who looks sees it
	movedTo       *workflows.Route // behind a switch whose answer was lost
	second        any              // input
	late          time.Duration    // that writes may still land after each KeepInStep
	standby       activities.Step  // of each KeepInStep
	active        activities.Step  // the same of the other side
	steps         []activities.StepRequest
	reports       []workflows.Verification // of each verification; then clean
	looks         int
	switched      []workflows.Job
	dropped       []workflows.Job
	ended         []activities.SoakEnd
}

func soakPlan() workflows.SoakPlan {
	side := func(model, locator string) workflows.Job {
		return workflows.Job{
			ID: workflows.SoakID("docs"), Namespace: "docs", To: backends.Model{Name: model}, Fingerprint: "fp-" + model, Locator: locator,
			Priority: activities.Low, BatchSize: 100, MaxFailedItems: 1000, Window: 4, ContinueAfter: 4000,
		}
	}
	return workflows.SoakPlan{
		Namespace: "docs", ArmedBy: "job", ArmedRun: "run", Active: side("large", "docs_large"), Standby: side("small", "docs_small"),
		Former: workflows.Route{Namespace: "docs", Generation: 1, Locator: "docs_small", Model: "small", Version: 3}, Window: 2 * time.Hour,
	}
}

func newSoakStage(t *testing.T) *soakStage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s := &soakStage{
		t: t, env: suite.NewTestWorkflowEnvironment(), plan: soakPlan(),
		before: map[string]func(int) error{}, standby: activities.Step{InStep: true}, active: activities.Step{InStep: true},
	}
	s.env.SetTestTimeout(20 * time.Second)
	s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.SoakID("docs"), TaskQueue: workflows.TaskQueue})
	s.env.RegisterWorkflowWithOptions(workflows.SoakWorkflow, workflow.RegisterOptions{Name: workflows.SoakWorkflowName})
	s.env.RegisterWorkflowWithOptions(workflows.SyncRangeWorkflow, workflow.RegisterOptions{Name: workflows.SyncRangeWorkflowName})
	jobs := func(name string, kept *[]workflows.Job) func(context.Context, workflows.Job) error {
		return func(_ context.Context, job workflows.Job) error {
			if kept != nil {
				s.mu.Lock()
				*kept = append(*kept, job)
				s.mu.Unlock()
			}
			return s.enter(name)
		}
	}
	for name, actor := range map[string]any{
		"AwaitSwitch": s.awaitSwitch, "LookAtSwitch": s.lookAtSwitch, "AcquireLease": s.acquireLease, "FinishIndex": jobs("FinishIndex", nil),
		"PostHook":    func(context.Context, activities.PostHookRequest) error { return s.enter("PostHook") },
		"BeginSoak":   func(context.Context, activities.SoakBegin) error { return s.enter("BeginSoak") },
		"CheckSwitch": jobs("CheckSwitch", nil), "DropFormer": jobs("DropFormer", &s.dropped), "Switch": s.switchRoute,
		"SplitPass": s.split, "VerifySegment": s.verify, "KeepInStep": s.keep,
		"VerifySamples": func(context.Context, workflows.Job) (workflows.Verification, error) {
			return workflows.Verification{Sampled: 20, MinCosine: 1}, s.enter("VerifySamples")
		},
		"EndSoak": func(_ context.Context, e activities.SoakEnd) error {
			s.ended = append(s.ended, e)
			return s.enter("EndSoak")
		},
	} {
		s.env.RegisterActivityWithOptions(actor, activity.RegisterOptions{Name: name})
	}
	// What keeps in step for a while takes that while; what does it once takes none.
	while := func(once bool, after time.Duration) {
		s.env.OnActivity("KeepInStep", mock.Anything, mock.MatchedBy(func(r activities.StepRequest) bool { return r.Once == once })).
			Return(s.keep).After(after).Maybe()
	}
	while(true, 0)
	while(false, 15*time.Minute)
	return s
}

func (s *soakStage) enter(name string) error {
	s.mu.Lock()
	s.calls = append(s.calls, name)
	n := s.count(name)
	ask, on := s.before[name], s.onCall
	s.mu.Unlock()
	if on != nil {
		on(name, n)
	}
	if ask != nil {
		return ask(n)
	}
	return nil
}

func (s *soakStage) count(name string) (n int) {
	for _, c := range s.calls {
		if c == name {
			n++
		}
	}
	return n
}

func (s *soakStage) called(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(name)
}

func (s *soakStage) awaitSwitch(context.Context, workflows.SoakPlan) (activities.SwitchSeen, error) {
	err := s.enter("AwaitSwitch")
	if s.neverSwitched {
		return activities.SwitchSeen{}, err
	}
	return activities.SwitchSeen{Switched: true, Route: &workflows.Route{
		Namespace: "docs", Generation: 2, Locator: "docs_large", Model: "large", Version: 4,
	}}, err
}

func (s *soakStage) lookAtSwitch(context.Context, workflows.SoakPlan) (activities.SwitchSeen, error) {
	return activities.SwitchSeen{Switched: s.justSwitched || s.movedTo != nil, Route: s.movedTo}, s.enter("LookAtSwitch")
}

func (s *soakStage) acquireLease(context.Context, workflows.Job) (int64, error) {
	err := s.enter("AcquireLease")
	return int64(6 + s.called("AcquireLease")), err
}

func (s *soakStage) keep(_ context.Context, r activities.StepRequest) (activities.StepResult, error) {
	s.mu.Lock()
	s.steps = append(s.steps, r)
	standby, active := s.standby, s.active
	s.mu.Unlock()
	name := "KeepInStep"
	if r.Once {
		name = "catch up"
	}
	err := s.enter(name)
	return activities.StepResult{Active: &active, Standby: &standby, Late: s.late}, err
}

func (s *soakStage) split(_ context.Context, r activities.SplitRequest) (activities.Split, error) {
	if r.Task == activities.VerifyForward {
		s.looks++
	}
	return activities.Split{Ranges: []backends.Range{{}}, Items: 1000}, s.enter("SplitPass " + string(r.Task))
}

func (s *soakStage) verify(_ context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
	report := workflows.Verification{Items: 1000}
	if r.Task == activities.VerifyForward && s.looks <= len(s.reports) {
		report.Merge(s.reports[s.looks-1])
	}
	return activities.SegmentResult{Cursor: "end", Done: true, Report: &report}, s.enter("VerifySegment")
}

func (s *soakStage) switchRoute(_ context.Context, job workflows.Job) (activities.Switched, error) {
	s.mu.Lock()
	s.switched = append(s.switched, job)
	s.mu.Unlock()
	return activities.Switched{Route: workflows.Route{
		Namespace: "docs", Generation: 3, Locator: job.Locator, Model: job.To.Name, Version: 5,
	}}, s.enter("Switch")
}

// play runs the soak to its end, and returns its result.
func (s *soakStage) play() workflows.SoakStatus {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.SoakWorkflowName, s.plan, nil)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	var status workflows.SoakStatus
	require.NoError(s.t, s.env.GetWorkflowResult(&status))
	return status
}

// query asks the running soak.
func (s *soakStage) query() workflows.SoakStatus {
	s.t.Helper()
	value, err := s.env.QueryWorkflow(workflows.QueryStatus)
	require.NoError(s.t, err)
	var status workflows.SoakStatus
	require.NoError(s.t, value.Get(&status))
	return status
}

// answer is what became of an update.
type answer struct {
	rejected, failed error
	done             bool
}

// after sends an update when so much time has passed.
func (s *soakStage) after(d time.Duration, update string, payload any) *answer {
	a := &answer{}
	s.env.RegisterDelayedCallback(func() { s.update(a, update, payload) }, d)
	return a
}

func (s *soakStage) update(a *answer, update string, payload any) {
	s.env.UpdateWorkflow(update, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { a.rejected = err },
		OnComplete: func(_ any, err error) { a.done, a.failed = true, err },
	}, payload)
}
