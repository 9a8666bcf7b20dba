package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// door runs one gate, whose watches end when the test says so.
type door struct {
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	found workflows.GateState // by recovery

	mu       sync.Mutex
	told     []string // jobs that were granted a slot, with the nonce
	deaf     map[string]bool
	watches  []string
	over     map[string][]byte // task tokens of the watches
	recovers int
}

func newDoor(t *testing.T) *door {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	d := &door{t: t, env: suite.NewTestWorkflowEnvironment(), deaf: map[string]bool{}, over: map[string][]byte{}}
	d.env.SetTestTimeout(20 * time.Second)
	d.env.RegisterWorkflowWithOptions(workflows.GateWorkflow, workflow.RegisterOptions{Name: workflows.GateWorkflowName})
	d.env.RegisterActivityWithOptions(d.watch, activity.RegisterOptions{Name: "WatchJob"})
	d.env.RegisterActivityWithOptions(func(context.Context) (workflows.GateState, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.recovers++
		require.Empty(t, d.told, "nobody is granted a slot before the holders are known")
		return d.found, nil
	}, activity.RegisterOptions{Name: "RecoverGate"})
	d.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", activities.SignalSlotGranted, mock.Anything).
		Return(func(_, job, _, _ string, arg any) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.deaf[job] {
				return errors.New("no such workflow")
			}
			grant := arg.(activities.Grant)
			if grant.FirstRun != job+"-run" {
				return errors.New("the grant is not this job's")
			}
			d.told = append(d.told, job+" "+grant.Nonce)
			return nil
		})
	return d
}

// watch stays pending, as the watch over a running job does.
func (d *door) watch(ctx context.Context, r activities.SlotRequest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watches = append(d.watches, r.Job)
	d.over[r.Job] = activity.GetInfo(ctx).TaskToken
	return activity.ErrResultPending
}

// end ends the latest watch over a job: as over, or with an error.
func (d *door) end(job string, err error) {
	d.t.Helper()
	d.mu.Lock()
	token := d.over[job]
	d.mu.Unlock()
	require.NotEmpty(d.t, token, "nobody watches %s", job)
	require.NoError(d.t, d.env.CompleteActivity(token, nil, err))
}

func want(job, namespace string, priority int) activities.SlotRequest {
	return activities.SlotRequest{Job: job, FirstRun: job + "-run", Nonce: job + "-nonce", Namespace: namespace, Priority: priority, StartedAt: 1}
}

func (d *door) ask(at time.Duration, rs ...activities.SlotRequest) {
	d.env.RegisterDelayedCallback(func() {
		for _, r := range rs {
			d.env.SignalWorkflow(activities.SignalGateAcquire, r)
		}
	}, at)
}

// heard are the jobs that were granted a slot, with the nonce.
func (d *door) heard() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.told)
}

// watched are the jobs whose watches have begun.
func (d *door) watched() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.watches)
}

func (d *door) state() workflows.GateState {
	d.t.Helper()
	value, err := d.env.QueryWorkflow(workflows.QueryGate)
	require.NoError(d.t, err)
	var s workflows.GateState
	require.NoError(d.t, value.Get(&s))
	return s
}

// run runs the gate until it continues as new, and returns what it carries.
func (d *door) run(s workflows.GateState) workflows.GateState {
	d.t.Helper()
	d.env.ExecuteWorkflow(workflows.GateWorkflowName, s)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(d.t, d.env.GetWorkflowError(), &next)
	var carried workflows.GateState
	require.NoError(d.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	return carried
}

// TestGateGrantsByPriority guards the limit and the order over the whole way: signal, grant, end, next.
func TestGateGrantsByPriority(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.ask(0, want("first", "a", 3))
	d.ask(time.Second, want("low", "b", 4), want("critical", "c", 1), activities.SlotRequest{Job: "hand-made"})
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"first first-nonce"}, d.heard())
		require.Len(t, d.state().Waiting, 2)
		d.end("first", nil)
	}, 2*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("critical", nil) }, 3*time.Second)
	d.env.RegisterDelayedCallback(func() { d.end("low", nil) }, 4*time.Second)
	carried := d.run(workflows.GateState{Limit: 1, ContinueAfter: 7}) // four signals, three ends
	require.Equal(t, []string{"first first-nonce", "critical critical-nonce", "low low-nonce"}, d.heard())
	require.Equal(t, 1, d.recovers)
	require.Empty(t, carried.Holders)
	require.Empty(t, carried.Waiting)
	require.EqualValues(t, 3, carried.Granted)
	require.Equal(t, 1, carried.Runs)
	require.True(t, carried.Warm)
}

// TestGateRecoversFirst guards a gate that was terminated: held slots are counted before any is given.
func TestGateRecoversFirst(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	held := want("old", "a", 3)
	held.Granted = true
	d.found = workflows.GateState{Holders: []activities.SlotRequest{held}, Waiting: []activities.SlotRequest{want("waited", "b", 3)}}
	d.ask(0, want("new", "c", 1))
	d.env.RegisterDelayedCallback(func() {
		require.Empty(t, d.heard(), "the only slot is held")
		d.end("old", nil)
	}, time.Minute)
	d.env.RegisterDelayedCallback(func() { d.end("new", nil) }, 2*time.Minute)
	d.env.RegisterDelayedCallback(func() { d.end("waited", nil) }, 3*time.Minute)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 4})
	require.Equal(t, []string{"new new-nonce", "waited waited-nonce"}, d.heard())
}

// TestGateFreesWhatItCannotReach guards slots against jobs that ended before they were told.
func TestGateFreesWhatItCannotReach(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.deaf["gone"] = true
	stopped := 0
	d.env.SetOnActivityCanceledListener(func(*activity.Info) { stopped++ })
	d.ask(0, want("gone", "a", 1))
	d.ask(time.Second, want("next", "a", 3))
	d.env.RegisterDelayedCallback(func() { d.end("next", nil) }, 2*time.Second)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 4})
	require.Equal(t, []string{"next next-nonce"}, d.heard())
	require.Equal(t, 1, stopped, "a freed slot's job is watched no more")
}

// TestGateWatchesOn guards slots against a watch that fails: the job may still run.
func TestGateWatchesOn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.ask(0, want("j", "a", 1))
	d.env.RegisterDelayedCallback(func() {
		d.end("j", hopeless("INTERNAL", "the watch broke"))
	}, time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Len(t, d.state().Holders, 1, "the slot is still held")
		d.end("j", nil)
	}, time.Minute)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 2})
	require.Equal(t, []string{"j", "j"}, d.watched())
}

// TestGateContinuedTellsAgain guards grants over continue-as-new: what is not
// known to have arrived is sent once more, and nobody who waits is lost.
func TestGateContinuedTellsAgain(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	known, unsure := want("known", "a", 1), want("unsure", "b", 1)
	known.Granted = true
	d.ask(time.Second, want("w", "c", 3))
	d.env.RegisterDelayedCallback(func() { d.end("known", nil) }, time.Minute)
	carried := d.run(workflows.GateState{
		Warm: true, Limit: 2, ContinueAfter: 2, Granted: 9,
		Holders: []activities.SlotRequest{known, unsure}, Waiting: []activities.SlotRequest{want("v", "d", 4)},
	})
	require.Zero(t, d.recovers, "a warm gate knows")
	require.Contains(t, d.heard(), "unsure unsure-nonce")
	require.NotContains(t, d.heard(), "known known-nonce")
	left := append(slices.Clone(carried.Holders), carried.Waiting...)
	require.NotEmpty(t, left)
	require.True(t, slices.ContainsFunc(left, func(r activities.SlotRequest) bool { return r.Job == "v" }), "who waits is carried")
}

// TestGateLimitBySignal guards the gate against hand-made signals: garbage must
// neither change the limit nor break the gate.
func TestGateLimitBySignal(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.ask(0, want("a", "a", 3), want("b", "b", 3))
	d.env.RegisterDelayedCallback(func() {
		require.Len(t, d.state().Holders, 1)
		d.env.SignalWorkflow(activities.SignalGateLimit, "many")
		d.env.SignalWorkflow(activities.SignalGateLimit, -3)
		d.env.SignalWorkflow(activities.SignalGateLimit, nil)
		d.env.SignalWorkflow(activities.SignalGateAcquire, []int{1})
	}, time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Equal(t, 1, d.state().Limit)
		d.env.SignalWorkflow(activities.SignalGateLimit, 2)
	}, 2*time.Second)
	d.env.RegisterDelayedCallback(func() {
		require.Len(t, d.state().Holders, 2)
		d.env.SignalWorkflow(activities.SignalGateWithdraw, want("nobody", "x", 1))
		d.end("a", nil)
		d.end("b", nil)
	}, 3*time.Second)
	d.run(workflows.GateState{Limit: 1, ContinueAfter: 7})
	require.Len(t, d.heard(), 2)
}
