package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/reembed/reembed/backends"
)

// gateContinueAfter is the gate's bound on handled signals and releases in one
// run: far under the 10,000 signals that a run may have.
const gateContinueAfter = 500

// AcquireSlot asks the gate for a slot, and starts the gate where there is none.
// It returns the nonce that the grant will carry: the asking run's id, so that
// a grant for a run that was reset away is not taken for one of the new run; with
// the turn of a job that gave its slot back before, so that neither is an old one.
func (a *Activities) AcquireSlot(ctx context.Context, r SlotRequest) (string, error) {
	r.Nonce = activity.GetInfo(ctx).WorkflowExecution.RunID
	if r.Turn > 0 {
		r.Nonce = fmt.Sprintf("%s/%d", r.Nonce, r.Turn)
	}
	if r.Job == "" || r.FirstRun == "" || r.Namespace == "" || r.Priority == 0 || r.StartedAt == 0 {
		return "", failed(ctx, fmt.Errorf("%w: slot request without job, first run, namespace, priority or start", backends.ErrInvalidInput))
	}
	_, err := a.Temporal.SignalWithStartWorkflow(ctx, GateID, SignalGateAcquire, r, GateStart(), GateWorkflowName, a.Settings.NewGate())
	if err != nil {
		return "", failed(ctx, unavailable("ask the gate", err))
	}
	return r.Nonce, nil
}

// GateStart are the options that the gate is started with, by whoever finds it absent.
func GateStart() client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: GateID, TaskQueue: GateTaskQueue, WorkflowTaskTimeout: 10 * time.Second}
}

// NewGate is the input of a gate that is started: a cold state, with the limit
// that these settings seed.
func (s Settings) NewGate() GateState {
	return GateState{
		Limit:         cmp.Or(s.MaxConcurrentJobs, DefaultMaxJobs),
		ContinueAfter: gateContinueAfter,
	}
}

// RecoverGate lists holders and waiters from the memos of the running jobs. The gate's.
func (a *Activities) RecoverGate(ctx context.Context) (GateState, error) {
	st := a.Settings.NewGate()
	st.Warm = true
	list := &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 500,
		Query:    "WorkflowType='" + ReembedWorkflowName + "' AND ExecutionStatus='Running'",
	}
	for {
		page, err := a.Temporal.ListWorkflow(ctx, list)
		if err != nil {
			return GateState{}, failed(ctx, unavailable("list the running jobs", err))
		}
		for _, e := range page.GetExecutions() {
			st.recover(e.GetMemo())
		}
		if list.NextPageToken = page.GetNextPageToken(); len(list.NextPageToken) == 0 {
			return st, nil
		}
	}
}

// recover takes up what a job's memo says about its slot. A job without one has
// not asked yet; one whose memo can't be read asks again by itself. One that is
// parked keeps its namespace, also while it asks again.
func (st *GateState) recover(memo *commonpb.Memo) {
	m, ok := slotOf(memo)
	if !ok {
		return
	}
	if m.Request.Parked {
		st.Parked = append(st.Parked, m.Request)
	}
	switch m.State {
	case SlotHeld:
		m.Request.Granted = true
		st.Holders = append(st.Holders, m.Request)
	case SlotWaiting:
		st.Waiting = append(st.Waiting, m.Request)
	}
}

// slotOf is what a job's memo says about its slot; false where it says nothing.
func slotOf(memo *commonpb.Memo) (m SlotMemo, ok bool) {
	payload := memo.GetFields()[MemoSlot]
	if payload == nil {
		return m, false
	}
	err := converter.GetDefaultDataConverter().FromPayload(payload, &m)
	return m, err == nil && m.Request.Job != ""
}

// WatchJob returns when the job of a slot is over, whatever ended it, or at once
// when the job's memo says that it is parked and the gate thinks that it holds the
// slot, or the other way round: a gate that was ended may have recovered from a
// list that was a moment behind. The gate's.
// On a stopping worker it fails as unavailable, so that another one watches on.
func (a *Activities) WatchJob(ctx context.Context, r SlotRequest) (Watched, error) {
	_, stop := beat(ctx)
	defer stop()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	leaving := activity.GetWorkerStopChannel(ctx)
	go func() {
		select {
		case <-leaving:
			cancel()
		case <-watching.Done():
		}
	}()
	w, err := a.watch(watching, r)
	if err != nil && watching.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: the worker stops", backends.ErrUnavailable)
	}
	return w, failed(ctx, err)
}

// watch waits for the current run without following, and looks again: following
// a chain takes a reset for an end.
func (a *Activities) watch(ctx context.Context, r SlotRequest) (Watched, error) {
	for last := ""; ; {
		d, err := a.Temporal.DescribeWorkflowExecution(ctx, r.Job, "")
		var gone *serviceerror.NotFound
		switch {
		case errors.As(err, &gone):
			return Watched{}, nil
		case err != nil:
			return Watched{}, unavailable("describe workflow "+r.Job, err)
		}
		info := d.GetWorkflowExecutionInfo()
		if info.GetFirstRunId() != r.FirstRun {
			return Watched{}, nil // another job of the same id
		}
		switch info.GetStatus() {
		case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			if other := otherThan(r, info.GetMemo()); last == "" && other != nil {
				return Watched{Slot: other}, nil
			}
		case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			return Watched{}, nil
		default:
			return Watched{}, a.linger(ctx, d.GetPendingChildren(), 2*cmp.Or(activity.GetInfo(ctx).HeartbeatTimeout, 15*time.Second))
		}
		current := info.GetExecution().GetRunId()
		if current == last { // its end needs a moment to be seen
			if err := wait(ctx, lookInterval); err != nil {
				return Watched{}, err
			}
		}
		last = current
		run := a.Temporal.GetWorkflow(ctx, r.Job, current)
		err = run.GetWithOptions(ctx, nil, client.WorkflowRunGetOptions{DisableFollowingRuns: true})
		var trouble serviceerror.ServiceError
		switch {
		case ctx.Err() != nil:
			return Watched{}, ctx.Err()
		case errors.As(err, &trouble) && !errors.As(err, &gone):
			return Watched{}, unavailable("wait for workflow "+r.Job, err)
		}
		// Any other error is how the run ended; the next look says whether that
		// was the job's end.
	}
}

// otherThan is what a job's memo says of its slot, where it is otherwise than the
// gate thinks; else nil. That a slot was given back is said of that slot only.
func otherThan(r SlotRequest, memo *commonpb.Memo) *SlotMemo {
	m, ok := slotOf(memo)
	parked := m.State == SlotParked && m.Request.Nonce == r.Nonce && !r.Parked
	if held := m.State == SlotHeld && r.Parked; ok && (parked || held) {
		return &m
	}
	return nil
}
