package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
)

func slot() activities.SlotRequest {
	return activities.SlotRequest{Job: "job", FirstRun: "first", Namespace: "docs", Priority: 3, StartedAt: 1}
}

func TestAcquireSlot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts.Settings.MaxConcurrentJobs = 5
	nonce, err := run[string](h, nil, h.acts.AcquireSlot, slot())
	require.NoError(t, err)
	require.NotEmpty(t, nonce)
	asked := slot()
	asked.Nonce = nonce
	state, ok := h.temporal.signals[4].(activities.GateState)
	require.True(t, ok)
	require.Equal(t, []any{activities.GateID, activities.SignalGateAcquire, asked, activities.GateWorkflowName, state}, h.temporal.signals)
	require.Equal(t, 5, state.Limit)
	require.Positive(t, state.ContinueAfter)
	require.False(t, state.Warm, "a gate that is new looks for running jobs first")
	require.Equal(t, activities.GateTaskQueue, h.temporal.start.TaskQueue)

	h.temporal.startErr = serviceerror.NewUnavailable("down")
	_, err = run[string](h, nil, h.acts.AcquireSlot, slot())
	requireCode(t, err, activities.CodeUnavailable)
}

// The gate drops requests with empty fields; a job must not wait for an answer to one.
func TestAcquireSlotRefusesHalfARequest(t *testing.T) {
	t.Parallel()
	for _, spoil := range []func(*activities.SlotRequest){
		func(r *activities.SlotRequest) { r.Job = "" },
		func(r *activities.SlotRequest) { r.FirstRun = "" },
		func(r *activities.SlotRequest) { r.Namespace = "" },
		func(r *activities.SlotRequest) { r.Priority = 0 },
		func(r *activities.SlotRequest) { r.StartedAt = 0 },
	} {
		h := newHouse(t)
		r := slot()
		spoil(&r)
		_, err := run[string](h, nil, h.acts.AcquireSlot, r)
		requireCode(t, err, activities.CodeInvalidRequest)
		require.Empty(t, h.temporal.signals)
	}
}

func TestWatchJobReturnsWhenTheJobIsOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		looks  map[string][]look
		waited []string
	}{
		{"gone", nil, nil},
		{"another job of the same id", map[string][]look{"job": {{first: "other", run: "other", status: running}}}, nil},
		{"completed", map[string][]look{"job": {{first: "first", run: "first", status: completed}}}, nil},
		{
			"completes",
			map[string][]look{"job": {{first: "first", run: "first", status: running}, {first: "first", status: completed}}},
			[]string{"first"},
		},
		{
			"continues as new, is reset, and is terminated",
			map[string][]look{"job": {
				{first: "first", run: "first", status: running},
				{first: "first", run: "second", status: running},
				{first: "first", run: "reset", status: running},
				{first: "first", run: "reset", status: terminated},
			}},
			[]string{"first", "second", "reset"},
		},
		{
			"its end is seen late",
			map[string][]look{"job": {
				{first: "first", run: "first", status: running},
				{first: "first", run: "first", status: running},
				{first: "first", status: completed},
			}},
			[]string{"first", "first"},
		},
		{
			"terminated, and its ranges still stop",
			map[string][]look{
				"job":   {{first: "first", status: terminated, children: []string{"range", "forgotten"}}},
				"range": {{status: running}, {status: running}, {status: terminated}},
			},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.temporal.looks = tt.looks
			_, err := run[any](h, nil, h.acts.WatchJob, slot())
			require.NoError(t, err)
			require.Equal(t, tt.waited, h.temporal.waited)
			require.LessOrEqual(t, len(tt.looks["range"]), 1, "a range is looked at until it is closed")
		})
	}
}

func TestWatchJobIsRetriedWhenTheServerFails(t *testing.T) {
	t.Parallel()
	down := serviceerror.NewUnavailable("down")
	for _, tt := range []struct {
		name  string
		looks map[string][]look
		wait  error
	}{
		{"describe", map[string][]look{"job": {{err: down}}}, nil},
		{"wait", map[string][]look{"job": {{first: "first", run: "first", status: running}}}, down},
		{
			"linger", map[string][]look{
				"job": {{first: "first", status: terminated, children: []string{"range"}}}, "range": {{err: down}},
			}, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.temporal.looks, h.temporal.waitErr = tt.looks, tt.wait
			_, err := run[any](h, nil, h.acts.WatchJob, slot())
			requireCode(t, err, activities.CodeUnavailable)
		})
	}
}

// A watch that the gate does not want any more ends; so do the waits in it.
func TestWatchJobEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, looks := range map[string]map[string][]look{
		"wait":   {"job": {{first: "first", run: "first", status: running}}},
		"linger": {"job": {{first: "first", status: terminated, children: []string{"range"}}}, "range": {{status: running}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.temporal.looks, h.temporal.waitErr = looks, context.Canceled
			_, err := run[any](h, func(env *testsuite.TestActivityEnvironment) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				t.Cleanup(cancel)
				env.SetWorkerOptions(workerOptions(ctx))
			}, h.acts.WatchJob, slot())
			require.ErrorContains(t, err, "context")
		})
	}
}

// A watch lasts as long as its job; a worker that stops must not wait for it.
func TestWatchJobLeavesAStoppingWorker(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.temporal.looks = map[string][]look{"job": {{first: "first", status: terminated, children: []string{"range"}}}, "range": {{status: running}}}
	stopping := make(chan struct{})
	close(stopping)
	_, err := run[any](h, func(env *testsuite.TestActivityEnvironment) {
		env.SetWorkerStopChannel(stopping)
	}, h.acts.WatchJob, slot())
	requireCode(t, err, activities.CodeUnavailable)
	require.ErrorContains(t, err, "the worker stops")
}

func memo(t *testing.T, value any) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(value)
	require.NoError(t, err)
	return &workflowpb.WorkflowExecutionInfo{Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{activities.MemoSlot: p}}}
}

func TestRecoverGate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts.Settings.MaxConcurrentJobs = 2
	held, waiting, over := slot(), slot(), slot()
	waiting.Job, over.Job = "waits", "over"
	parked, asks := slot(), slot()
	parked.Job, parked.Parked, asks.Job, asks.Parked = "parked", true, "asks", true
	h.temporal.pages = []*workflowservice.ListWorkflowExecutionsResponse{
		{
			Executions: []*workflowpb.WorkflowExecutionInfo{
				memo(t, activities.SlotMemo{Request: held, State: activities.SlotHeld}),
				{}, // has not asked yet
				memo(t, "what is this"),
			},
			NextPageToken: []byte("next"),
		},
		{Executions: []*workflowpb.WorkflowExecutionInfo{
			memo(t, activities.SlotMemo{Request: waiting, State: activities.SlotWaiting}),
			memo(t, activities.SlotMemo{Request: over, State: "of another program"}),
			memo(t, activities.SlotMemo{State: activities.SlotHeld}),
			memo(t, activities.SlotMemo{Request: parked, State: activities.SlotParked}),
			memo(t, activities.SlotMemo{Request: asks, State: activities.SlotWaiting}),
		}},
	}
	got, err := run[activities.GateState](h, nil, h.acts.RecoverGate)
	require.NoError(t, err)
	held.Granted = true
	require.Equal(t, []activities.SlotRequest{held}, got.Holders)
	require.Equal(t, []activities.SlotRequest{waiting, asks}, got.Waiting)
	require.Equal(t, []activities.SlotRequest{parked, asks}, got.Parked, "who asks again keeps its namespace meanwhile")
	require.True(t, got.Warm)
	require.Equal(t, 2, got.Limit)
	query := "WorkflowType='ReembedWorkflow' AND ExecutionStatus='Running'"
	require.Equal(t, []string{query, query + "next"}, h.temporal.queries)

	h.temporal.listErr = serviceerror.NewUnavailable("down")
	_, err = run[activities.GateState](h, nil, h.acts.RecoverGate)
	requireCode(t, err, activities.CodeUnavailable)
}

// A job that gave its slot back asks again in the same run: an old grant must not
// fit the new asking.
func TestAcquireSlotAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, err := run[string](h, nil, h.acts.AcquireSlot, slot())
	require.NoError(t, err)
	again := slot()
	again.Parked, again.Turn = true, 2
	second, err := run[string](h, nil, h.acts.AcquireSlot, again)
	require.NoError(t, err)
	require.Equal(t, first+"/2", second)
	require.True(t, h.temporal.signals[len(h.temporal.signals)-3].(activities.SlotRequest).Parked)
}

// What the gate thinks is corrected by the job's memo: that a slot was given back
// by what says so of that slot, that a job has one by any.
func TestWatchJobBelievesTheMemo(t *testing.T) {
	t.Parallel()
	held, parked, later := slot(), slot(), slot()
	held.Nonce, parked.Nonce, later.Nonce = "n1", "n1", "n2"
	parked.Parked = true
	at := func(r activities.SlotRequest, state string) *activities.SlotMemo {
		return &activities.SlotMemo{Request: r, State: state}
	}
	for name, c := range map[string]struct {
		asked activities.SlotRequest
		memo  *activities.SlotMemo
		says  bool
	}{
		"parked, thought to hold":         {held, at(parked, activities.SlotParked), true},
		"parked in an earlier turn":       {later, at(parked, activities.SlotParked), false},
		"holds, thought to be parked":     {parked, at(later, activities.SlotHeld), true},
		"holds, as thought":               {held, at(held, activities.SlotHeld), false},
		"parked, as thought":              {parked, at(parked, activities.SlotParked), false},
		"waits again, thought to hold":    {held, at(later, activities.SlotWaiting), false},
		"has not taken note of its grant": {held, at(held, activities.SlotWaiting), false},
		"has no memo":                     {held, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			l := look{first: "first", run: "first", status: running}
			if c.memo != nil {
				l.memo = memo(t, c.memo).GetMemo()
			}
			h.temporal.looks = map[string][]look{"job": {l, {first: "first", status: completed}}}
			got, err := run[activities.Watched](h, nil, h.acts.WatchJob, c.asked)
			require.NoError(t, err)
			if c.says {
				require.Equal(t, activities.Watched{Slot: c.memo}, got)
				require.Empty(t, h.temporal.waited)
			} else {
				require.Equal(t, activities.Watched{}, got, "it is over")
				require.Equal(t, []string{"first"}, h.temporal.waited)
			}
		})
	}
}
