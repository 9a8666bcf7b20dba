package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// TestSoakWithALostLease guards a soak whose lease went away: it takes it again,
// under a new epoch, and goes on.
func TestSoakWithALostLease(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["KeepInStep"] = func(n int) error {
		if n == 2 {
			return hopeless(activities.CodeLeaseLost, "taken over")
		}
		return nil
	}
	status := s.play()
	require.Equal(t, "the window is over", status.Reason)
	require.Equal(t, 2, s.called("AcquireLease"))
	require.Equal(t, 2, s.called("BeginSoak"), "the record is written again, too")
	require.EqualValues(t, 7, s.steps[1].Active.Job.Epoch)
	require.EqualValues(t, 8, s.steps[2].Active.Job.Epoch)
	require.EqualValues(t, 8, s.ended[0].Epoch)
}

// TestSoakThatWasNotWrittenDown guards the record of a soak: while it can't be
// written nothing is kept in step under it, and it is written when that goes again.
func TestSoakThatWasNotWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["BeginSoak"] = func(n int) error {
		if n == 1 {
			return hopeless(activities.CodeUnauthorized, "not yours")
		}
		return nil
	}
	written := 0
	s.before["KeepInStep"] = func(n int) error {
		if n == 1 {
			written = s.called("BeginSoak")
		}
		return nil
	}
	status := s.play()
	require.Equal(t, "the window is over", status.Reason)
	require.Equal(t, 2, written)
}

// TestRollbackWhoseModelGoes guards who asked for a rollback against a wait without
// an end: a model that does not answer any more refuses it, and the soak goes on.
func TestRollbackWhoseModelGoes(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"VerifySamples", "CheckSwitch"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := newSoakStage(t)
			s.before[at] = func(int) error { return passing(activities.CodeUnavailable) }
			a := s.after(time.Minute, workflows.UpdateRollback, nil)
			status := s.play()
			require.ErrorContains(t, a.failed, "for now")
			require.Equal(t, 8, s.called(at))
			require.Equal(t, workflows.SoakEnded, status.Phase)
			require.Equal(t, "the window is over", status.Reason)
			require.Zero(t, s.called("Switch"))
		})
	}
}

// TestSoakWhoseRouteWasMoved guards a soak that lost the namespace to somebody who
// moved the route: it has no say there any more.
func TestSoakWhoseRouteWasMoved(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["KeepInStep"] = func(int) error {
		s.neverSwitched = true // the route does not point at the target any more
		return hopeless(activities.CodeLeaseLost, "taken over")
	}
	status := s.play()
	require.Equal(t, workflows.SoakEnded, status.Phase)
	require.Equal(t, "somebody else moved the route", status.Reason)
	require.Zero(t, s.ended[0].Epoch, "the lease is another's")
}

// TestRollbackThatFails guards the soak against what can stand against a rollback
// at its last steps: it says so, goes on, and a later one may succeed.
func TestRollbackThatFails(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"catch up", "FinishIndex", "VerifySegment", "CheckSwitch", "Switch"} {
		for _, code := range []string{activities.CodeRouteChanged, activities.CodeLeaseLost} {
			t.Run(at+" "+code, func(t *testing.T) {
				t.Parallel()
				s := newSoakStage(t)
				s.before[at] = func(n int) error {
					if n == 1 {
						return hopeless(code, "not now")
					}
					return nil
				}
				first := s.after(10*time.Minute, workflows.UpdateRollback, nil)
				var between workflows.SoakStatus
				s.env.RegisterDelayedCallback(func() { between = s.query() }, 20*time.Minute)
				second := s.after(30*time.Minute, workflows.UpdateRollback, nil)
				status := s.play()
				require.ErrorContains(t, first.failed, "not now")
				require.Equal(t, workflows.SoakSoaking, between.Phase)
				require.Contains(t, between.Refused, code)
				require.NoError(t, second.failed)
				require.Equal(t, workflows.SoakReversed, status.Phase)
				require.Empty(t, status.Refused)
				require.Equal(t, 2, s.called("AcquireLease"), "whose the namespace is, is looked at anew")
			})
		}
	}
}

// TestLastSyncBehindARollback guards what was written while the route moved back:
// nobody keeps the generation in step behind the soak, so a store or a model that
// does not answer at that moment is asked again; and the status says so where it
// goes on not to answer.
func TestLastSyncBehindARollback(t *testing.T) {
	t.Parallel()
	for _, recovers := range []bool{true, false} {
		s := newSoakStage(t)
		s.before["catch up"] = func(n int) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.standby = activities.Step{InStep: true}
			if n > 0 && (n < 3 || !recovers) { // takes effect in the next one
				s.standby = activities.Step{InStep: true, Code: activities.CodeUnavailable, Error: "no answer"}
			}
			return nil
		}
		a := s.after(time.Minute, workflows.UpdateRollback, nil)
		status := s.play()
		require.NoError(t, a.failed)
		require.Equal(t, workflows.SoakReversed, status.Phase)
		if recovers {
			require.Empty(t, status.Standby.ErrorCode)
			require.Empty(t, status.LastError)
		} else {
			require.Contains(t, status.LastError, "no answer")
		}
	}
}

// TestPostHookOfARollbackKeepsNobodyWaiting guards readers against a hook that takes
// its time: what was written while the route moved is there before it is told.
func TestPostHookOfARollbackKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.plan.Standby.PostHook = true
	a := s.after(time.Minute, workflows.UpdateRollback, nil)
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.NoError(t, a.failed)
	calls := without(s.calls, "KeepInStep")
	require.Equal(t, []string{"Switch", "catch up", "PostHook", "catch up", "EndSoak"}, calls[len(calls)-5:])
}

// TestSoakThatEndsWithLateWrites guards the next job: a lease that was given back
// says that nothing of its holder lands any more.
func TestSoakThatEndsWithLateWrites(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.late = 30 * time.Second
	require.Equal(t, workflows.SoakEnded, s.play().Phase)
	require.Zero(t, s.ended[0].Epoch, "whoever takes it over is told to wait")
}

// TestRollbackOfARouteThatIsAnothers guards the namespace against a soak that
// stays for its window although the route is not its own any more.
func TestRollbackOfARouteThatIsAnothers(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["Switch"] = func(int) error {
		s.neverSwitched = true // the route does not point at the target any more
		return hopeless(activities.CodeRouteChanged, "somebody else's")
	}
	a := s.after(time.Minute, workflows.UpdateRollback, nil)
	status := s.play()
	require.ErrorContains(t, a.failed, "somebody else's")
	require.Equal(t, workflows.SoakEnded, status.Phase)
	require.Equal(t, "somebody else moved the route", status.Reason)
}

// TestSwitchBackWithoutAnAnswer guards the outcome of a switch back whose answer
// was lost, and whose next attempt failed for another reason: the record says it.
func TestSwitchBackWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["Switch"] = func(int) error {
		s.movedTo = &workflows.Route{Namespace: "docs", Generation: 3, Locator: "docs_small", Model: "small", Version: 5}
		return hopeless(activities.CodeCatalogMismatch, "the next worker has another catalog")
	}
	a := s.after(time.Minute, workflows.UpdateRollback, nil)
	status := s.play()
	require.NoError(t, a.failed)
	require.Equal(t, workflows.SoakReversed, status.Phase)
	require.EqualValues(t, 3, status.Route.Generation)
	require.Len(t, s.caughtUp(), 2, "what was written meanwhile is brought over")
}

// TestRetireThatFails guards against a soak that is over although the former
// generation is still there.
func TestRetireThatFails(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.before["DropFormer"] = func(int) error { return hopeless(activities.CodeRouteChanged, "it is active again") }
	a := s.after(time.Minute, workflows.UpdateRetire, nil)
	status := s.play()
	require.ErrorContains(t, a.failed, "it is active again")
	require.Equal(t, workflows.SoakEnded, status.Phase)
	require.Contains(t, status.Refused, activities.CodeRouteChanged)
}

// TestRollbackWaitsForLateWrites guards the verification before a rollback against
// what a lost worker may still write.
func TestRollbackWaitsForLateWrites(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.late = 30 * time.Second
	var began, verified time.Time
	s.before["FinishIndex"] = func(int) error { began = s.env.Now(); return nil }
	s.before["SplitPass verify-forward"] = func(int) error { verified = s.env.Now(); return nil }
	s.after(time.Minute, workflows.UpdateRollback, nil)
	require.Equal(t, workflows.SoakReversed, s.play().Phase)
	require.GreaterOrEqual(t, verified.Sub(began), 30*time.Second)
}

// TestRollbackVerifiesBehindALostWorker guards the switch back against a worker that
// was lost in the sync behind the verification: what it wrote may land later.
func TestRollbackVerifiesBehindALostWorker(t *testing.T) {
	t.Parallel()
	for name, reports := range map[string][]workflows.Verification{
		"told as changed": {{Moving: 1}},
		"moved":           {finding(verify.Stale, "a"), finding(verify.Stale, "b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSoakStage(t)
			s.reports = reports
			last := 1 + len(reports) // the sync behind the last of these
			var lost, switched time.Time
			s.before["catch up"] = func(n int) error {
				s.late = 0
				if n == last {
					s.late, lost = 30*time.Second, s.env.Now()
				}
				return nil
			}
			s.before["Switch"] = func(int) error { switched = s.env.Now(); return nil }
			a := s.after(time.Minute, workflows.UpdateRollback, nil)
			require.Equal(t, workflows.SoakReversed, s.play().Phase)
			require.NoError(t, a.failed)
			require.Equal(t, len(reports)+1, s.looks)
			require.GreaterOrEqual(t, switched.Sub(lost), 30*time.Second)
		})
	}
}

// TestSoakGoesOnInANewRun guards the history's length, and that a soak remembers
// all that it has to across runs.
func TestSoakGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	s := newSoakStage(t)
	s.plan.Window = 30 * 24 * time.Hour
	s.env.ExecuteWorkflow(workflows.SoakWorkflowName, s.plan, nil)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, s.env.GetWorkflowError(), &next)
	var plan workflows.SoakPlan
	var carried workflows.SoakCarried
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &plan, &carried))
	require.Equal(t, s.plan, plan, "as the job gave it")
	require.Equal(t, 24*4, s.called("KeepInStep"), "once a day")
	require.Zero(t, s.called("EndSoak"))

	// The next run, in the last hour of the window.
	s = newSoakStage(t)
	until := s.env.Now().Add(time.Hour)
	carried.Status.Until = &until
	s.env.ExecuteWorkflow(workflows.SoakWorkflowName, plan, &carried)
	require.NoError(t, s.env.GetWorkflowError())
	require.Equal(t, 4, s.called("KeepInStep"))
	require.Zero(t, s.called("AwaitSwitch"))
	require.Zero(t, s.called("AcquireLease"), "it holds the namespace")
	require.EqualValues(t, 7, s.steps[0].Active.Job.Epoch)
	require.True(t, s.steps[0].Standby.Step.InStep, "the first full sync is behind it")
	require.EqualValues(t, 7, s.ended[0].Epoch)

	// A long history, too.
	s = newSoakStage(t)
	s.env.SetCurrentHistoryLength(4000)
	s.env.ExecuteWorkflow(workflows.SoakWorkflowName, s.plan, nil)
	require.ErrorAs(t, s.env.GetWorkflowError(), &next)
	require.Zero(t, s.called("KeepInStep"))
}

// TestSoakOfNobodyIsRefused guards a workflow that somebody starts by hand.
func TestSoakOfNobodyIsRefused(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*soakStage){
		"no plan":         func(s *soakStage) { s.plan = workflows.SoakPlan{} },
		"another's id":    func(s *soakStage) { s.plan.Namespace = "elsewhere" },
		"a second input":  func(s *soakStage) { s.second = json.RawMessage(`{"reason":"x"}`) },
		"a second string": func(s *soakStage) { s.second = json.RawMessage(`"x"`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSoakStage(t)
			start(s)
			s.env.ExecuteWorkflow(workflows.SoakWorkflowName, s.plan, s.second)
			var app *temporal.ApplicationError
			require.ErrorAs(t, s.env.GetWorkflowError(), &app)
			require.Equal(t, activities.CodeInvalidRequest, app.Type())
			require.Empty(t, s.calls)
		})
	}
}

// soakable lets the job's stage arm soaks.
func (s *stage) soakable() {
	s.job.SoakSeconds = 60
	s.env.OnWorkflow(workflows.SoakWorkflowName, mock.Anything, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, _ workflows.SoakPlan, _ *workflows.SoakCarried) (workflows.SoakStatus, error) {
			_ = s.enter("soak")
			err := workflow.Sleep(ctx, 24*time.Hour)
			return workflows.SoakStatus{}, err
		})
}

// TestJobArmsItsSoak guards the order: nothing that is written around the switch
// may be missed, so the soak is there before it; and it outlives the job.
func TestJobArmsItsSoak(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.soakable()
	var ended error
	s.env.SetOnChildWorkflowCanceledListener(func(*workflow.Info) { ended = errors.New("cancelled") })
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, workflows.SoakID("docs"), status.Soak)
	require.Equal(t, []string{"CheckSwitch", "ArmSoak", "soak", "Switch", "RecordOutcome", "ReleaseLease"}, s.calls[len(s.calls)-6:])
	require.NoError(t, ended)

	s = newStage(t)
	s.soakable()
	s.job.SoakSeconds = 0
	require.Empty(t, s.play().Soak)
	require.Zero(t, s.called("ArmSoak"))
}
