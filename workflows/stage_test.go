package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/workflows"
)

const request = `{"namespace":"docs","to":"large"}`

// stage runs one job with actors in place of the activities.
type stage struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	job workflows.Job // what Resolve answers

	mu     sync.Mutex
	calls  []string
	before map[string]func(n int) error // asked before the n-th call of an activity, from 1

	plan         workflows.Plan
	dirty        []int64 // written by each sync pass; then nothing
	passes       int
	reports      []workflows.Verification // of each verification; then clean
	still        map[string]bool          // ids of suspects that are wrong again
	looks        int
	quality      *verify.Quality
	refused      int64                        // items that each pass can't embed
	ranges       map[activities.Task]int      // how many SplitPass makes, where not three
	capture      *activities.Capturing        // how Prepare says that the source tells what changed
	changed      []int64                      // written by each changed pass; then nothing
	changes      int                          // changed passes
	changedFinds func(pass int) int64         // in place of changed
	changedTakes func(pass int) time.Duration // how long each segment of them takes
	dirtyAlways  int64                        // written by each sync pass behind those of dirty
	fresh        bool                         // the generation has no record yet
	left         time.Duration                // how long a former job's writes may still land, when the generation is prepared
	late         []time.Duration              // the same of lost attempts, in each sync pass
	noGrant      bool
	held         []bool // of each request for a slot
	outcomes     []activities.Outcome
	onCall       func(name string, n int)
	parked       []activities.SlotRequest // slots that were given back
	windows      []activities.WindowRequest
	opening      func(at time.Time) activities.Opening // what NextOpening answers
	posted       []activities.PostHookRequest
}

func newStage(t *testing.T) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s := &stage{
		t: t, env: suite.NewTestWorkflowEnvironment(),
		before: map[string]func(int) error{},
		job: workflows.Job{
			Namespace: "docs", From: "small", To: backends.Model{Name: "large"}, Fingerprint: "fp", Locator: "docs_fp",
			RouteVersion: 3, Priority: activities.Medium, BatchSize: 100, MaxFailedItems: 100, Window: 4, ContinueAfter: 4000,
		},
		plan:  workflows.Plan{Namespace: "docs", Items: 3000},
		dirty: []int64{3000},
	}
	s.env.SetTestTimeout(20 * time.Second)
	s.env.SetCurrentHistoryLength(10)
	s.env.RegisterWorkflowWithOptions(workflows.ReembedWorkflow, workflow.RegisterOptions{Name: workflows.ReembedWorkflowName})
	s.env.RegisterWorkflowWithOptions(workflows.SyncRangeWorkflow, workflow.RegisterOptions{Name: workflows.SyncRangeWorkflowName})
	s.env.RegisterWorkflowWithOptions(workflows.SoakWorkflow, workflow.RegisterOptions{Name: workflows.SoakWorkflowName})
	for name, actor := range map[string]any{
		"ArmSoak": func(context.Context, workflows.Job) (workflows.SoakPlan, error) {
			return soakPlan(), s.enter("ArmSoak")
		},
		"ClearSoak": func(context.Context, workflows.SoakPlan) error { return s.enter("ClearSoak") },
		"Resolve":   s.resolve, "AcquireSlot": s.acquireSlot, "AcquireLease": s.acquireLease, "Plan": s.planned,
		"Prepare": s.prepare, "SplitPass": s.split, "SyncSegment": s.sync, "VerifySegment": s.verify,
		"FinishIndex": s.simple("FinishIndex"), "VerifySamples": s.samples, "CheckSwitch": s.simple("CheckSwitch"),
		"NextOpening": s.nextOpening, "Publish": s.publish, "PostHook": s.postHook,
		"Switch": s.switchRoute, "RecordOutcome": s.record, "ReleaseLease": s.simple("ReleaseLease"),
		"VerifyAgain": s.verifyAgain, "Subscribe": s.subscribe, "Unsubscribe": s.simple("Unsubscribe"),
	} {
		s.env.RegisterActivityWithOptions(actor, activity.RegisterOptions{Name: name})
	}
	s.env.OnSignalExternalWorkflow(mock.Anything, workflows.GateID, "", activities.SignalGateWithdraw, mock.Anything).
		Return(func(string, string, string, string, any) error { s.enter("withdraw"); return nil }).Maybe()
	s.env.OnSignalExternalWorkflow(mock.Anything, workflows.GateID, "", activities.SignalGatePark, mock.Anything).
		Return(s.park).Maybe()
	return s
}

// enter notes a call and says whether it fails.
func (s *stage) enter(name string) error {
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

func (s *stage) count(name string) (n int) {
	for _, c := range s.calls {
		if c == name {
			n++
		}
	}
	return n
}

func (s *stage) called(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(name)
}

func (s *stage) simple(name string) func(context.Context, workflows.Job) error {
	return func(context.Context, workflows.Job) error { return s.enter(name) }
}

func (s *stage) resolve(_ context.Context, raw json.RawMessage) (workflows.Job, error) {
	if err := s.enter("Resolve"); err != nil {
		return workflows.Job{}, err
	}
	if _, err := activities.DecodeRequest(raw); err != nil {
		return workflows.Job{}, hopeless(activities.CodeInvalidRequest, err.Error())
	}
	return s.job, nil
}

func (s *stage) acquireSlot(_ context.Context, r activities.SlotRequest) (string, error) {
	if err := s.enter("AcquireSlot"); err != nil {
		return "", err
	}
	s.mu.Lock()
	s.held = append(s.held, r.Held)
	s.mu.Unlock()
	nonce := nonceOf(r)
	if !s.noGrant {
		s.grant(activities.Grant{FirstRun: r.FirstRun, Nonce: nonce})
	}
	return nonce, nil
}

// nonceOf is what a request for a slot is given: another one for each turn.
func nonceOf(r activities.SlotRequest) string {
	if r.Turn == 0 {
		return "nonce"
	}
	return fmt.Sprintf("nonce/%d", r.Turn)
}

func (s *stage) grant(g activities.Grant) { s.env.SignalWorkflow(activities.SignalSlotGranted, g) }

// acquireLease gives epochs from 7 on.
func (s *stage) acquireLease(context.Context, workflows.Job) (int64, error) {
	err := s.enter("AcquireLease")
	return int64(6 + s.called("AcquireLease")), err
}

func (s *stage) prepare(context.Context, workflows.Job) (activities.Prepared, error) {
	return activities.Prepared{Fresh: s.fresh, Late: s.left, Capture: s.capture}, s.enter("Prepare")
}

func (s *stage) subscribe(context.Context, workflows.Job) (*activities.Capturing, error) {
	err := s.enter("Subscribe")
	return s.capture, err
}

func (s *stage) planned(context.Context, workflows.Job) (workflows.Plan, error) {
	return s.plan, s.enter("Plan")
}

// split cuts every key space into three ranges.
func (s *stage) split(_ context.Context, r activities.SplitRequest) (activities.Split, error) {
	err := s.enter("SplitPass " + string(r.Task))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Task {
	case activities.SyncForward:
		s.passes++
	case activities.VerifyForward:
		s.looks++
	}
	ranges := []backends.Range{{To: "b"}, {From: "b", To: "c"}, {From: "c"}}
	if r.Task == activities.SyncChanged {
		s.changes++
		return activities.Split{Ranges: make([]backends.Range, 1), Items: s.found()}, err
	}
	if n, other := s.ranges[r.Task]; other {
		ranges = make([]backends.Range, n)
	}
	return activities.Split{Ranges: ranges, Items: 3000}, err
}

// found is what the changed pass that has begun finds.
func (s *stage) found() int64 {
	switch {
	case s.changedFinds != nil:
		return s.changedFinds(s.changes)
	case s.changes <= len(s.changed):
		return s.changed[s.changes-1]
	}
	return 0
}

// syncChanged is a segment of a changed pass. What takes long is a first attempt
// that fails.
func (s *stage) syncChanged(ctx context.Context) (activities.SegmentResult, error) {
	s.mu.Lock()
	n := s.found()
	var took time.Duration
	if s.changedTakes != nil {
		took = s.changedTakes(s.changes)
	}
	s.mu.Unlock()
	if took > 0 && activity.GetInfo(ctx).Attempt == 1 {
		return activities.SegmentResult{}, temporal.NewApplicationErrorWithOptions("it takes a while", activities.CodeUnavailable,
			temporal.ApplicationErrorOptions{NextRetryDelay: took})
	}
	err := s.enter("changed")
	if err == nil {
		err = ctx.Err()
	}
	return activities.SegmentResult{Cursor: "end", Done: true, Counts: reconcile.Counts{Scanned: n, Written: n}}, err
}

// mockRanges lets the first n starts of ranges meet one of the same id that still runs.
func (s *stage) mockRanges(n int) {
	s.env.OnWorkflow(workflows.SyncRangeWorkflowName, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, r workflows.RangeRequest) (workflows.RangeResult, error) {
			if err := s.enter("busy range"); err != nil {
				return workflows.RangeResult{}, err
			}
			if s.called("busy range") <= n {
				return workflows.RangeResult{}, &temporal.ChildWorkflowExecutionAlreadyStartedError{}
			}
			return workflows.SyncRangeWorkflow(ctx, r)
		})
}

// sync writes the pass's share, in the first range; each looks at a third.
func (s *stage) sync(ctx context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
	if r.Task == activities.SyncChanged {
		return s.syncChanged(ctx)
	}
	if err := s.enter("SyncSegment"); err != nil {
		return activities.SegmentResult{}, err
	}
	if err := ctx.Err(); err != nil {
		return activities.SegmentResult{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	res := activities.SegmentResult{Cursor: "end", Done: true, Counts: reconcile.Counts{Scanned: 1000}}
	if r.Task == activities.SyncForward && r.Range.From == "" && s.passes <= len(s.dirty) {
		res.Counts.Written = s.dirty[s.passes-1]
	}
	if r.Task == activities.SyncForward && r.Range.From == "" && s.passes > len(s.dirty) {
		res.Counts.Written = s.dirtyAlways
	}
	if r.Task == activities.SyncForward && r.Range.From == "" {
		res.Counts.Quarantined = s.refused
		if s.passes <= len(s.late) {
			res.Late = s.late[s.passes-1]
		}
	}
	return res, nil
}

func (s *stage) verify(_ context.Context, r activities.SegmentRequest) (activities.SegmentResult, error) {
	if err := s.enter("VerifySegment"); err != nil {
		return activities.SegmentResult{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	report := workflows.Verification{Items: 1000}
	if r.Task == activities.VerifyBackward {
		report = workflows.Verification{Records: 1000}
	} else if r.Range.From == "" && s.looks <= len(s.reports) {
		report.Merge(s.reports[s.looks-1])
	}
	return activities.SegmentResult{Cursor: "end", Done: true, Report: &report}, nil
}

func (s *stage) samples(context.Context, workflows.Job) (workflows.Verification, error) {
	return workflows.Verification{Sampled: 20, MinCosine: 1, Quality: s.quality}, s.enter("VerifySamples")
}

func (s *stage) verifyAgain(_ context.Context, r activities.SecondLook) (workflows.Verification, error) {
	var report workflows.Verification
	for _, f := range r.Findings {
		if s.still[f.ID] {
			report.Found(f)
		}
	}
	return report, s.enter("VerifyAgain")
}

func (s *stage) switchRoute(context.Context, workflows.Job) (activities.Switched, error) {
	former := workflows.Route{Namespace: "docs", Generation: 1, Model: "small", Version: 3}
	return activities.Switched{
		Route: workflows.Route{Namespace: "docs", Generation: 2, Model: "large", Locator: "docs_fp", Version: 4}, Former: &former,
	}, s.enter("Switch")
}

func (s *stage) record(_ context.Context, o activities.Outcome) error {
	s.mu.Lock()
	s.outcomes = append(s.outcomes, o)
	s.mu.Unlock()
	return s.enter("RecordOutcome")
}

// play runs the job to its end, and returns its status however it ended.
func (s *stage) play() workflows.Status {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	require.True(s.t, s.env.IsWorkflowCompleted())
	return s.status()
}

func (s *stage) status() workflows.Status {
	s.t.Helper()
	err := s.env.GetWorkflowError()
	var status workflows.Status
	var app *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
		require.NoError(s.t, s.env.GetWorkflowResult(&status))
	case errors.As(err, &app):
		require.NoError(s.t, app.Details(&status))
		require.Equal(s.t, app.Type(), status.ErrorCode)
	case errors.As(err, &cancelled):
		require.NoError(s.t, cancelled.Details(&status))
	default:
		s.t.Fatalf("ended with %v", err)
	}
	return status
}

// query asks the running job.
func (s *stage) query() workflows.Status {
	s.t.Helper()
	value, err := s.env.QueryWorkflow(workflows.QueryStatus)
	require.NoError(s.t, err)
	var status workflows.Status
	require.NoError(s.t, value.Get(&status))
	return status
}

// cancelAt cancels the job at the nth call of an activity.
func (s *stage) cancelAt(name string, nth int, native bool) {
	s.onCall = func(called string, n int) {
		if called != name || n != nth {
			return
		}
		if native {
			s.env.CancelWorkflow()
			return
		}
		s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
	}
}

func hopeless(code, message string) error {
	return temporal.NewNonRetryableApplicationError(message, code, nil)
}

func passing(code string) error {
	return temporal.NewApplicationError(fmt.Sprintf("%s, for now", code), code)
}

func finding(kind verify.Kind, id string) workflows.Verification {
	return workflows.Verification{
		Counts: map[verify.Kind]int64{kind: 1}, Findings: []verify.Finding{{Kind: kind, ID: id, Want: "h"}},
	}
}
