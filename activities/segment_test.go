package activities_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

func (h *house) segment(setup func(*testsuite.TestActivityEnvironment), job activities.Job, task activities.Task, after backends.Cursor) (activities.SegmentResult, error) {
	h.t.Helper()
	r := activities.SegmentRequest{Job: job, Task: task, After: after}
	if task == activities.SyncForward || task == activities.SyncBackward || task == activities.SyncChanged {
		return run[activities.SegmentResult](h, setup, h.acts.SyncSegment, r)
	}
	return run[activities.SegmentResult](h, setup, h.acts.VerifySegment, r)
}

// clean verifies the job's generation without a segment.
func (h *house) clean(job activities.Job) verify.Report {
	h.t.Helper()
	pair := verify.Pair{Source: h.store.Source("docs"), Target: h.generation(newer), Model: newer, CopiesPayload: true}
	all, err := records.AllQuarantined(h.t.Context(), h.registry(), "docs", job.Fingerprint)
	require.NoError(h.t, err)
	known := map[string]string{}
	for _, q := range all {
		known[q.ID] = q.Content
	}
	report, err := verify.All(h.t.Context(), pair, verify.Options{Known: known})
	require.NoError(h.t, err)
	return report
}

func TestSyncSegments(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(100)
	job := h.prepared()
	extra := backends.Record{ID: "extra", Vector: make([]float32, 96), Stamp: backends.Stamp{Content: "c", Fingerprint: "f"}}
	extra.Vector[0] = 1
	require.NoError(t, h.generation(newer).Upsert(t.Context(), []backends.Record{extra}))

	got, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 100, got.Counts.Written)
	require.Nil(t, got.Report)
	back, err := h.segment(nil, job, activities.SyncBackward, "")
	require.NoError(t, err)
	require.True(t, back.Done)
	require.EqualValues(t, 1, back.Counts.Deleted)
	report := h.clean(job)
	require.True(t, report.Clean(), report.Summary())
	require.EqualValues(t, 201, h.observer.did.Scanned)
	require.EqualValues(t, 100, h.observer.did.Embedded)

	_, err = h.segment(nil, job, "sideways", "")
	requireCode(t, err, activities.CodeWorkerTooOld)
	_, err = run[any](h, nil, h.acts.SyncSegment, activities.SegmentRequest{Job: job, Task: activities.VerifyForward})
	requireCode(t, err, activities.CodeWorkerTooOld)
}

// An attempt goes on from the heartbeat of the one before, and answers for both.
func TestSyncSegmentGoesOnFromTheHeartbeat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(2500)
	job := h.prepared()
	h.acts.Settings.MemoryBytes = 600_000 // pages of 200, of which four at most are in memory
	h.faults.Add(faulty.Fault{Operation: "ReadPage", Nth: 10, Err: backends.ErrUnavailable})
	var mu sync.Mutex
	var beats []activities.SegmentResult
	listen := func(env *testsuite.TestActivityEnvironment) {
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			var r activities.SegmentResult
			require.NoError(t, details.Get(&r))
			mu.Lock()
			defer mu.Unlock()
			beats = append(beats, r)
		})
	}
	_, err := h.segment(listen, job, activities.SyncForward, "")
	requireCode(t, err, activities.CodeUnavailable)
	last := beats[len(beats)-1]
	require.NotEmpty(t, last.Cursor)
	require.Positive(t, last.Counts.Written)
	require.False(t, last.Done)
	last.Ahead = 7 // done in a page that the cursor has not passed: this attempt looks at it again

	got, err := h.segment(func(env *testsuite.TestActivityEnvironment) { env.SetHeartbeatDetails(last) }, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 2500, got.Counts.Scanned)
	require.EqualValues(t, 2500, got.Counts.Written)
	require.Zero(t, got.Ahead)
	report := h.clean(job)
	require.True(t, report.Clean())

	_, err = h.segment(func(env *testsuite.TestActivityEnvironment) { env.SetHeartbeatDetails("what is this") }, job, activities.SyncForward, "")
	requireCode(t, err, activities.CodeInternal)
}

// A stopping worker hands back what it has done, and where it is.
func TestSyncSegmentOfAStoppingWorker(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3000)
	job := h.prepared()
	stop := make(chan struct{})
	h.faults.Add(faulty.Fault{Operation: "Upsert", Nth: 2, Do: func(context.Context, faulty.Call) error { close(stop); return nil }})
	stopping := func(env *testsuite.TestActivityEnvironment) { env.SetWorkerStopChannel(stop) }
	got, err := h.segment(stopping, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.False(t, got.Done)
	require.Positive(t, got.Counts.Written)
	require.Less(t, got.Counts.Scanned, int64(3000))

	rest, err := h.segment(nil, job, activities.SyncForward, got.Cursor)
	require.NoError(t, err)
	require.True(t, rest.Done)
	require.EqualValues(t, 3000, got.Counts.Embedded+rest.Counts.Embedded, "what was paid for was kept")
	report := h.clean(job)
	require.True(t, report.Clean())

	for _, task := range []activities.Task{activities.SyncBackward, activities.VerifyForward, activities.VerifyBackward} {
		got, err = h.segment(stopping, job, task, "here")
		require.NoError(t, err)
		require.False(t, got.Done)
		require.EqualValues(t, "here", got.Cursor, task)
	}
}

func TestSegmentsEndWithTheirBudget(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(100)
	job := h.prepared()
	h.acts.Settings.SegmentBudget = time.Nanosecond
	for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward, activities.VerifyForward, activities.VerifyBackward} {
		got, err := h.segment(nil, job, task, "")
		require.NoError(t, err)
		require.False(t, got.Done, task)
	}
}

// A zombie of a job that lost the namespace writes nothing, whenever it was lost.
func TestSyncSegmentIsFenced(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"", "ReadPage", "Embed", "Upsert"} {
		t.Run("lost at "+operation, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(30)
			job := h.prepared()
			writes := 0
			if operation == "" {
				h.stolen()
			}
			h.faults.Add(
				faulty.Fault{Operation: operation, Nth: 1, When: faulty.After, Do: func(context.Context, faulty.Call) error {
					if operation != "" {
						h.stolen()
					}
					return nil
				}},
				faulty.Fault{Operation: "Upsert", Do: func(context.Context, faulty.Call) error { writes++; return nil }},
			)
			h.acts.Settings.Concurrency, h.acts.Settings.MemoryBytes = 1, 1
			_, err := h.segment(nil, job, activities.SyncForward, "")
			if operation == "Upsert" && err == nil { // all was in the first write
				require.Equal(t, 1, writes)
				return
			}
			requireCode(t, err, activities.CodeLeaseLost)
			require.LessOrEqual(t, writes, 1)
			if operation != "Upsert" {
				require.Zero(t, writes)
			}
			_, err = h.segment(nil, job, activities.SyncBackward, "")
			requireCode(t, err, activities.CodeLeaseLost)
		})
	}
}

func TestVerifySegments(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1200)
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.NoError(t, h.generation(newer).Delete(t.Context(), []string{"id-0003"}))
	require.NoError(t, h.store.Source("docs").DeleteItems(t.Context(), []string{"id-1100"}))

	// A failed attempt, and one that goes on from it.
	h.faults.Add(faulty.Fault{Operation: "ReadPage", Nth: 3, Err: backends.ErrUnavailable})
	var mu sync.Mutex
	var last activities.SegmentResult
	_, err = h.segment(func(env *testsuite.TestActivityEnvironment) {
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			mu.Lock()
			defer mu.Unlock()
			last = activities.SegmentResult{}
			require.NoError(t, details.Get(&last))
		})
	}, job, activities.VerifyForward, "")
	requireCode(t, err, activities.CodeUnavailable)
	require.EqualValues(t, 1000, last.Report.Items)
	got, err := h.segment(func(env *testsuite.TestActivityEnvironment) { env.SetHeartbeatDetails(last) }, job, activities.VerifyForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 1199, got.Report.Items)
	require.EqualValues(t, 1199, got.Counts.Scanned)
	require.Equal(t, []verify.Finding{{
		Kind: verify.Missing, ID: "id-0003", Want: backends.ContentHash("the text number 3 of the corpus"),
	}}, got.Report.Findings)

	got, err = h.segment(nil, job, activities.VerifyBackward, "")
	require.NoError(t, err)
	require.EqualValues(t, 1199, got.Report.Records)
	require.Empty(t, got.Report.Findings, "the source tells that it was deleted, and no sync has run since")
	require.EqualValues(t, 1, got.Report.Moving)
	_, err = run[any](h, nil, h.acts.Unsubscribe, job)
	require.NoError(t, err)
	got, err = h.segment(nil, job, activities.VerifyBackward, "")
	require.NoError(t, err)
	require.Zero(t, got.Report.Moving)
	require.Equal(t, []verify.Finding{{Kind: verify.Extra, ID: "id-1100"}}, got.Report.Findings)

	_, err = run[any](h, nil, h.acts.VerifySegment, activities.SegmentRequest{Job: job, Task: activities.SyncForward})
	requireCode(t, err, activities.CodeWorkerTooOld)
	before := h.faults.Calls()
	require.False(t, slices.ContainsFunc(before[len(before)-10:], func(c faulty.Call) bool { return c.Operation == "Upsert" }))
}

// Cancellation reaches a segment in a heartbeat's answer, and ends it promptly.
func TestACancelledSegmentEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(100)
	job := h.prepared()
	for _, tt := range []struct {
		task      activities.Task
		operation string
	}{
		{activities.SyncForward, "Embed"},
		{activities.SyncForward, "Upsert"},
		{activities.SyncBackward, "ReadStamps"},
		{activities.VerifyForward, "Stamps"},
		{activities.VerifyBackward, "ReadStamps"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		h.faults.Clear()
		h.faults.Add(faulty.Fault{Operation: tt.operation, Hang: true, Do: func(context.Context, faulty.Call) error { cancel(); return nil }})
		_, err := h.segment(func(env *testsuite.TestActivityEnvironment) { env.SetWorkerOptions(workerOptions(ctx)) }, job, tt.task, "")
		require.Error(t, err, tt.task)
		require.Empty(t, codeOf(err), "a cancellation is no failure: %v", err)
	}
}

func TestSegmentsTellOfFailedBackends(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(10)
	job := h.prepared()
	for _, tt := range []struct {
		operation string
		task      activities.Task
		err       error
		code      string
	}{
		{"List", activities.SyncForward, backends.ErrUnavailable, activities.CodeUnavailable},
		{"Get", activities.SyncForward, backends.ErrUnavailable, activities.CodeUnavailable},
		{"Open", activities.SyncForward, backends.ErrNotFound, activities.CodeNotFound},
		{"Embed", activities.SyncForward, backends.ErrUnauthorized, activities.CodeUnauthorized},
		{"Embed", activities.SyncForward, backends.ErrQuotaExhausted, activities.CodeQuotaExhausted},
		{"Embed", activities.SyncForward, &backends.ThrottledError{After: time.Hour, Err: backends.ErrUnavailable}, activities.CodeThrottled},
		{"Upsert", activities.SyncForward, backends.ErrDimension, activities.CodeWrongDimensions},
		{"List", activities.VerifyForward, backends.ErrUnavailable, activities.CodeUnavailable},
		{"Open", activities.VerifyForward, backends.ErrNotFound, activities.CodeNotFound},
		{"ReadStamps", activities.VerifyBackward, backends.ErrUnavailable, activities.CodeUnavailable},
	} {
		h.faults.Clear()
		h.faults.Add(faulty.Fault{Operation: tt.operation, Err: tt.err})
		_, err := h.segment(nil, job, tt.task, "")
		requireCode(t, err, tt.code)
	}
}
