package workflows_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// TestForeignGrantsAreIgnored guards against slots that were meant for another
// run: a reset applies old signals again.
func TestForeignGrantsAreIgnored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.noGrant = true
	s.env.RegisterDelayedCallback(func() {
		s.grant(activities.Grant{FirstRun: "another", Nonce: "nonce"})
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "old nonce"})
	}, time.Minute)
	s.env.RegisterDelayedCallback(func() {
		require.Zero(t, s.called("AcquireLease"))
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "nonce"})
	}, time.Hour)
	status := s.play()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, time.Hour, status.RunningSince.Sub(status.StartedAt).Truncate(time.Minute))
}

// TestGrantBetweenTwoRuns guards a job that continues as new while it waits: it
// asks on under the nonce that the gate knows, and takes the slot under it.
func TestGrantBetweenTwoRuns(t *testing.T) {
	t.Parallel()
	first := newStage(t)
	first.noGrant, first.job.ContinueAfter = true, 1
	_, slots := first.memos()
	first.env.ExecuteWorkflow(workflows.ReembedWorkflowName, json.RawMessage(request), nil)
	raw, carried := first.next()
	require.Len(t, *slots, 1)
	require.False(t, carried.Slot.Held)
	require.Equal(t, "nonce", carried.Slot.Nonce)
	require.Equal(t, 1, first.called("AcquireSlot"), "a run is left after one wait at most")
	require.Zero(t, first.called("withdraw"), "the job still wants it")
	carried.Job.ContinueAfter = 0

	s := newStage(t)
	asked := s.asked()
	s.env.ExecuteWorkflow(workflows.ReembedWorkflowName, raw, carried)
	status := s.status()
	require.Equal(t, workflows.Completed, status.State)
	require.Equal(t, "nonce", (*asked)[0].Nonce)
	require.Equal(t, carried.Slot.FirstRun, (*asked)[0].FirstRun)
	require.Equal(t, carried.Slot.StartedAt, (*asked)[0].StartedAt, "it keeps its place in the queue")
}

// asked collects the requests for slots.
func (s *stage) asked() *[]activities.SlotRequest {
	asked := &[]activities.SlotRequest{}
	s.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		if info.ActivityType.Name != "AcquireSlot" {
			return
		}
		var r activities.SlotRequest
		require.NoError(s.t, args.Get(&r))
		*asked = append(*asked, r)
	})
	return asked
}

// TestRequestIsSentAgain guards against a gate that lost a request: the job asks
// again, soon at first and then every three minutes, and the same each time.
func TestRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.noGrant = true
	asked := s.asked()
	s.env.RegisterDelayedCallback(func() {
		require.Len(t, *asked, 2, "a job that has just asked the gate that was ended does not wait for minutes")
	}, 15*time.Second)
	s.env.RegisterDelayedCallback(func() {
		require.Len(t, *asked, 8)
		s.grant(activities.Grant{FirstRun: s.query().Run, Nonce: "nonce"})
	}, 10*time.Minute)
	require.Equal(t, workflows.Completed, s.play().State)
	require.Len(t, *asked, 8)
	require.Empty(t, (*asked)[0].Nonce)
	for _, r := range (*asked)[1:] {
		require.Equal(t, "nonce", r.Nonce)
		r.Nonce = ""
		require.Equal(t, (*asked)[0], r)
	}
}

// TestGateThatCannotBeAsked guards that a job which fails in the queue does not
// leave its request behind.
func TestGateThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.noGrant = true
	s.before["AcquireSlot"] = func(n int) error {
		if n == 1 {
			return nil
		}
		return hopeless(activities.CodeUnauthorized, "refused")
	}
	status := s.play()
	require.Equal(t, activities.CodeUnauthorized, status.ErrorCode)
	require.Equal(t, 1, s.called("withdraw"))
	require.Nil(t, status.RunningSince)
}
