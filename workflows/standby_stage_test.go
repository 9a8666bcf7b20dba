package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// newManual is a stage whose job waits for people.
func newManual(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.job.Cutover = activities.CutoverManual
	return s
}

func (s *stage) park(_, _, _, _ string, arg any) error {
	s.mu.Lock()
	s.parked = append(s.parked, arg.(activities.SlotRequest))
	s.mu.Unlock()
	return s.enter("park")
}

func (s *stage) nextOpening(_ context.Context, r activities.WindowRequest) (activities.Opening, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows = append(s.windows, r)
	return s.opening(r.At), nil
}

func (s *stage) publish(context.Context, string) error { return s.enter("Publish") }

func (s *stage) postHook(_ context.Context, r activities.PostHookRequest) error {
	s.mu.Lock()
	s.posted = append(s.posted, r)
	s.mu.Unlock()
	return s.enter("PostHook")
}

// told is what became of an update.
type told struct {
	done    bool
	refused error
	err     error
	order   workflows.CutoverOrder
}

// tell sends the cutover update at once; in a callback of the environment only.
func (s *stage) tell(payload ...any) *told {
	a := &told{}
	s.env.UpdateWorkflow(workflows.UpdateCutover, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.done, a.refused = true, err },
		OnComplete: func(value any, err error) {
			a.done, a.err = true, err
			if order, ok := value.(workflows.CutoverOrder); ok {
				a.order = order
			}
		},
	}, payload...)
	return a
}

// after does something when so much of the job's time is over.
func (s *stage) after(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

// tellAfter sends the cutover update by somebody later.
func (s *stage) tellAfter(d time.Duration, by string) *told {
	a := &told{}
	s.after(d, func() {
		sent := s.tell(workflows.CutoverRequest{By: by})
		s.after(0, func() { *a = *sent })
	})
	return a
}

// standsBy checks what a job shows that waits.
func (s *stage) standsBy(reason string) {
	s.t.Helper()
	now := s.query()
	require.Equal(s.t, workflows.Running, now.State)
	require.Equal(s.t, workflows.Ready, now.Phase)
	require.Contains(s.t, now.Reason, reason)
}

// narrow makes each pass of few ranges. The test environment remembers every child
// until a job's end, and has no room for more than a thousand.
func (s *stage) narrow() {
	s.ranges = map[activities.Task]int{
		activities.SyncForward: 1, activities.SyncBackward: 1, activities.VerifyForward: 1, activities.VerifyBackward: 1,
	}
}

// slowPasses makes each pass behind the first two take two minutes and a half.
func (s *stage) slowPasses() {
	failed := map[int]int{}
	s.before["SplitPass sync-backward"] = func(int) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if failed[s.passes]++; s.passes > 2 && failed[s.passes] <= 9 { // 1+2+4+8+16 s, then half a minute each
			return passing(activities.CodeUnavailable)
		}
		return nil
	}
}
