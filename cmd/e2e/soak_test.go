package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// soakRig is a rig whose jobs soak for an hour.
func soakRig(t *testing.T, items int) *rig {
	t.Helper()
	return newRig(t, setting{items: items, env: []string{"REEMBED_SOAK_SECONDS=3600"}})
}

// soaked waits until the condition holds of the namespace's soak.
func (r *rig) soaked(namespace, what string, holds func(workflows.SoakStatus) bool) workflows.SoakStatus {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	var last workflows.SoakStatus
	var err error
	for ; ctx.Err() == nil; <-every.C {
		if last, err = r.client.Soak(ctx, namespace); err == nil && holds(last) {
			return last
		}
	}
	require.FailNow(r.t, "no "+what, "%+v %v", last, err)
	return last
}

func inStep(s workflows.SoakStatus) bool {
	return s.Phase == workflows.SoakSoaking && s.Active.SyncedAt != nil && s.Standby.SyncedAt != nil
}

// rolledBack goes back, and checks that all is right there.
func (r *rig) rolledBack(namespace string) workflows.SoakStatus {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	s, err := r.client.Rollback(ctx, namespace, workflows.RollbackRequest{}, true)
	require.NoError(r.t, err)
	require.Equal(r.t, workflows.SoakReversed, s.Phase)
	r.everyVectorIsRight(namespace, "small")
	return s
}

// nothingIsHeld checks that a soak that is over left neither record nor lease.
func (r *rig) nothingIsHeld(namespace string) {
	r.t.Helper()
	var n int
	err := r.open().QueryRow("SELECT count(*) FROM reembed_registry WHERE kind IN ('soak', 'lease') AND key = ?", namespace).Scan(&n)
	require.NoError(r.t, err)
	require.Zero(r.t, n)
}

// TestSoakUnderWriters is the promise of a soak: there and back and there again
// while an application goes on writing, workers die and are deployed anew, and
// nothing that was written is lost.
func TestSoakUnderWriters(t *testing.T) {
	t.Parallel()
	r := soakRig(t, 300)
	first := r.worker()
	former := r.route("docs")
	writing := r.applies("docs")
	s := r.finish(r.begin(workflows.Request{Namespace: "docs", To: "large"}))
	require.Equal(t, workflows.Completed, s.State, s.Reason)
	require.Equal(t, workflows.SoakID("docs"), s.Soak)
	soak := r.soaked("docs", "soak in step", inStep)
	require.Equal(t, "loses nothing", soak.Rollback)
	require.Equal(t, former.Locator, soak.Standby.Locator)
	refused := r.finish(r.begin(workflows.Request{Namespace: "docs", To: "large"}))
	require.Equal(t, "SOAKING", refused.ErrorCode, refused.Reason)

	// A worker dies, and another one is stopped for a deploy, in the middle of the soak.
	require.NoError(t, first.Kill())
	second := r.worker()
	r.soaked("docs", "soak that another worker keeps", func(now workflows.SoakStatus) bool {
		return now.Active.SyncedAt.After(*soak.Active.SyncedAt)
	})
	require.NoError(t, second.Stop(30*time.Second))
	r.worker()
	writing.end(t)
	back := r.rolledBack("docs")
	require.Equal(t, former.Locator, back.Route.Locator)
	require.Equal(t, former.Generation+2, r.route("docs").Generation)
	r.nothingIsHeld("docs")

	// The newer generation is found by the next job, and the former one retired.
	again := r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	require.Positive(t, again.Plan.AlreadyThere)
	r.soaked("docs", "second soak in step", inStep)
	out, code := r.temporal("workflow", "update", "execute", "--workflow-id", workflows.SoakID("docs"), "--name", "retire",
		"--input", `{"locator":"`+former.Locator+`"}`)
	require.Zero(t, code, out)
	done := r.soaked("docs", "end", func(s workflows.SoakStatus) bool { return s.FinishedAt != nil })
	require.Equal(t, workflows.SoakRetired, done.Phase)
	r.everyVectorIsRight("docs", "large")
	r.nothingIsHeld("docs")
	var n int
	require.NoError(t, r.open().QueryRow("SELECT count(*) FROM reembed_generations WHERE locator = ?", former.Locator).Scan(&n))
	require.Zero(t, n)
}

// TestServerKilledInASoak guards a soak that has nobody for a while: it goes on
// when the server is back.
func TestServerKilledInASoak(t *testing.T) {
	t.Parallel()
	r := soakRig(t, 200)
	r.worker()
	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	soak := r.soaked("docs", "soak in step", inStep)
	require.NoError(t, r.server.Kill())
	writing := r.applies("docs")
	require.NoError(t, r.server.Restart(t.Context()))
	r.soaked("docs", "soak that goes on", func(now workflows.SoakStatus) bool {
		return now.Standby.SyncedAt != nil && now.Standby.SyncedAt.After(*soak.Standby.SyncedAt)
	})
	writing.end(t)
	r.rolledBack("docs")
}

// TestWorkerKilledInASoak guards that there is no point between the arming of a
// soak and its end at which the worker must not die.
func TestWorkerKilledInASoak(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, at := range []string{"ArmSoak after", "AwaitSwitch before", "BeginSoak after", "KeepInStep after", "DropFormer after", "EndSoak after"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			r := soakRig(t, 100)
			mark := filepath.Join(r.dir, "killed")
			first := r.start(self, killAtVariable+"="+at, killMarkVariable+"="+mark)
			job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
			retired := make(chan error, 1)
			if at == "DropFormer after" || at == "EndSoak after" {
				r.complete(job, "docs")
				r.soaked("docs", "soak in step", inStep)
				go func() {
					_, err := r.client.Retire(context.WithoutCancel(t.Context()), "docs", workflows.RetireRequest{})
					retired <- err
				}()
			}
			require.Error(t, first.Wait(), "the worker was to die")
			require.FileExists(t, mark)
			r.worker()
			r.complete(job, "docs")
			if at == "DropFormer after" || at == "EndSoak after" {
				require.NoError(t, <-retired)
				require.Equal(t, workflows.SoakRetired, r.soaked("docs", "end", func(s workflows.SoakStatus) bool { return s.FinishedAt != nil }).Phase)
			} else {
				r.soaked("docs", "soak in step", inStep)
				r.rolledBack("docs")
			}
			r.nothingIsHeld("docs")
		})
	}
}

// leftOver starts a soak by hand that nobody ends: it is armed by the gate, which
// never switches.
func (r *rig) leftOver(c client.Client) {
	r.t.Helper()
	gate, err := c.DescribeWorkflowExecution(r.t.Context(), workflows.GateID, "")
	require.NoError(r.t, err)
	side := func(locator string) workflows.Job {
		return workflows.Job{
			ID: workflows.SoakID("docs"), Namespace: "docs", To: backends.Model{Name: locator}, Fingerprint: "none", Locator: locator,
			Priority: "LOW", BatchSize: 10, Window: 1, ContinueAfter: 4000,
		}
	}
	plan := workflows.SoakPlan{
		Namespace: "docs", ArmedBy: workflows.GateID, ArmedRun: gate.GetWorkflowExecutionInfo().GetFirstRunId(),
		Active: side("nowhere"), Standby: side("elsewhere"), Window: time.Hour,
	}
	_, err = c.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{ID: workflows.SoakID("docs"), TaskQueue: workflows.TaskQueue},
		workflows.SoakWorkflowName, plan)
	require.NoError(r.t, err)
	r.soaked("docs", "armed soak", func(s workflows.SoakStatus) bool { return s.Phase == workflows.SoakArmed })
}

// TestSoakInTheWayOfAnother guards a switch whose namespace has a soak that does
// not know yet that it is over: that one is ended, and the job's own armed.
func TestSoakInTheWayOfAnother(t *testing.T) {
	t.Parallel()
	r := soakRig(t, 50)
	r.worker()
	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "small"}), "docs") // there is a gate
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r.leftOver(c)
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.complete(job, "docs")
	require.Equal(t, workflows.SoakID("docs"), s.Soak)
	soak := r.soaked("docs", "soak in step", inStep)
	require.Equal(t, job.ID, soak.Job)
	r.rolledBack("docs")
}

// TestTerminatedSoakIsInNobodysWay guards the next job against a soak that somebody
// terminated: its record and its lease are taken for what they are.
func TestTerminatedSoakIsInNobodysWay(t *testing.T) {
	t.Parallel()
	r := soakRig(t, 50)
	r.worker()
	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	r.soaked("docs", "soak in step", inStep)
	out, code := r.temporal("workflow", "terminate", "--workflow-id", workflows.SoakID("docs"), "--reason", "test")
	require.Zero(t, code, out)
	out, code = r.tryReembed("soak", "docs")
	require.Equal(t, 6, code, out)
	none := int64(0)
	r.complete(r.begin(workflows.Request{Namespace: "docs", To: "small", SoakSeconds: &none}), "docs")
	_, err := r.client.Rollback(t.Context(), "docs", workflows.RollbackRequest{}, true)
	require.ErrorIs(t, err, starter.ErrOver)
}
