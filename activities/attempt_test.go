package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/faulty"
)

// quick takes five seconds for a write at most.
type quick struct{ backends.Index }

func (q quick) Traits() backends.IndexTraits {
	traits := q.Index.Traits()
	traits.WriteTimeout = 5 * time.Second
	return traits
}

func (q quick) Unwrap() backends.Index { return q.Index }

// TestSegmentTellsOfLateWrites guards the switch against the attempt before: one
// that timed out may be at work still, and what it writes lands within the time
// that a write may take. One that ended by itself writes nothing.
func TestSegmentTellsOfLateWrites(t *testing.T) {
	t.Parallel()
	timedOut := &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{}}}
	ended := &failurepb.Failure{FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{}}}
	pending := func(id string, f *failurepb.Failure) look {
		return look{activities: []*workflowpb.PendingActivityInfo{{ActivityId: "other"}, {ActivityId: id, LastFailure: f}}}
	}
	for name, tt := range map[string]struct {
		attempt int32
		look    look
		known   time.Duration // of the attempts before
		quick   bool
		most    time.Duration // 0: nothing is late
	}{
		"the first":                       {1, pending("this", timedOut), 0, false, 0},
		"the last one timed out":          {2, pending("this", timedOut), 0, false, time.Minute},
		"a store whose writes are quick":  {2, pending("this", timedOut), 0, true, 5 * time.Second},
		"the last one failed":             {3, pending("this", ended), 0, false, 0},
		"the one before it timed out":     {3, pending("this", ended), 40 * time.Second, false, 40 * time.Second},
		"it timed out later":              {3, pending("this", timedOut), 40 * time.Second, false, time.Minute},
		"an earlier one takes longer":     {3, pending("this", timedOut), 40 * time.Second, true, 40 * time.Second},
		"nobody knows":                    {2, look{err: serviceerror.NewUnavailable("down")}, 0, false, time.Minute},
		"it is not among those that wait": {2, pending("that", timedOut), 0, false, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(20)
			job := h.prepared()
			if tt.quick {
				h.acts.World = catalog.NewWorld(h.catalog, catalog.Decorators{
					Index: func(_ string, i backends.Index) backends.Index { return quick{i} },
				})
			}
			c := circumstances{attempt: tt.attempt}
			h.temporal.looks = map[string][]look{"default-test-workflow-id": {tt.look}}
			got, err := h.segment(func(env *testsuite.TestActivityEnvironment) {
				c.prepare(env)
				if tt.known > 0 {
					env.SetHeartbeatDetails(activities.SegmentResult{Late: tt.known})
				}
			}, job, activities.SyncForward, "")
			require.NoError(t, err)
			require.EqualValues(t, 20, got.Counts.Written)
			require.LessOrEqual(t, got.Late, tt.most)
			require.Greater(t, got.Late, tt.most-4*time.Second, "less what the segment took")
			require.Equal(t, tt.most > 0, got.Late > 0)
		})
	}
}

// TestFailingAttemptPassesOnWhatIsLate guards the chain of attempts: one that
// fails at once, before anything was opened, knows of late writes too.
func TestFailingAttemptPassesOnWhatIsLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(20)
	job := h.prepared()
	h.faults.Add(faulty.Fault{Operation: "Get", Err: backends.ErrUnavailable})
	c := circumstances{attempt: 2}
	var last activities.SegmentResult
	_, err := h.segment(func(env *testsuite.TestActivityEnvironment) {
		c.prepare(env)
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			require.NoError(t, details.Get(&last))
		})
	}, job, activities.SyncForward, "")
	requireCode(t, err, activities.CodeUnavailable)
	require.Greater(t, last.Late, 50*time.Second)
}

// TestPrepareTellsOfLateWrites guards against what a job had begun to write that
// ended without giving the namespace back.
func TestPrepareTellsOfLateWrites(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := h.job()
	h.stolen() // by one that nobody knows any more
	epoch, err := run[int64](h, nil, h.acts.AcquireLease, job)
	require.NoError(t, err)
	job.Epoch = epoch
	found, err := run[activities.Prepared](h, nil, h.acts.Prepare, job)
	require.NoError(t, err)
	require.Equal(t, time.Minute, found.Late)

	_, err = run[any](h, nil, h.acts.ReleaseLease, job)
	require.NoError(t, err)
	job.Epoch, err = run[int64](h, nil, h.acts.AcquireLease, job)
	require.NoError(t, err)
	found, err = run[activities.Prepared](h, nil, h.acts.Prepare, job)
	require.NoError(t, err)
	require.Zero(t, found.Late, "it was given back, and nothing is on its way")
}
