package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

func (h *house) changed(job activities.Job) (activities.SegmentResult, error) {
	return h.segment(nil, job, activities.SyncChanged, "")
}

func (h *house) consumers() []backends.Consumer {
	h.t.Helper()
	c, ok := backends.As[backends.Capture](h.store.Source("docs"))
	require.True(h.t, ok)
	all, err := c.Consumers(h.t.Context())
	require.NoError(h.t, err)
	return all
}

// TestChangesAreCapturedFromBeforeTheCopy guards what is written while a job copies.
func TestChangesAreCapturedFromBeforeTheCopy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(50)
	job := h.job()
	found, err := run[activities.Prepared](h, nil, h.acts.Prepare, job)
	require.NoError(t, err)
	require.Equal(t, &activities.Capturing{Kind: backends.CaptureJournal, Deletes: true}, found.Capture)
	_, err = h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	h.put(backends.Item{ID: "id-0001", Text: "edited"}, backends.Item{ID: "new", Text: "new"})
	require.NoError(t, h.store.Source("docs").DeleteItems(t.Context(), []string{"id-0002"}))

	split, err := run[activities.Split](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: activities.SyncChanged})
	require.NoError(t, err)
	require.Equal(t, activities.Split{Ranges: []backends.Range{{}}, Items: 3}, split)
	got, err := h.changed(job)
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 2, got.Counts.Written)
	require.EqualValues(t, 1, got.Counts.Deleted)
	require.Equal(t, []backends.Consumer{{Name: job.Locator}}, h.consumers())
	for _, task := range []activities.Task{activities.VerifyForward, activities.VerifyBackward} {
		seen, err := h.segment(nil, job, task, "")
		require.NoError(t, err)
		require.True(t, seen.Report.Clean(), seen.Report.Summary())
	}
	_, err = run[any](h, nil, h.acts.Unsubscribe, job)
	require.NoError(t, err)
	require.Empty(t, h.consumers())
}

// TestLostChangesAreACode guards what the workflow acts on, and that it can go on.
func TestLostChangesAreACode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(5)
	job := h.prepared()
	_, err := run[any](h, nil, h.acts.Unsubscribe, job)
	require.NoError(t, err)
	_, err = h.changed(job)
	requireCode(t, err, activities.CodeChangesLost)
	how, err := run[*activities.Capturing](h, nil, h.acts.Subscribe, job)
	require.NoError(t, err)
	require.True(t, how.Deletes)
	got, err := h.changed(job)
	require.NoError(t, err)
	require.True(t, got.Done)
}

// TestCaptureIsTheLeaseHolders guards a consumer that another job has taken over.
func TestCaptureIsTheLeaseHolders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(5)
	job := h.prepared()
	h.put(backends.Item{ID: "new", Text: "new"})
	h.stolen()
	_, err := run[any](h, nil, h.acts.Unsubscribe, job)
	requireCode(t, err, activities.CodeLeaseLost)
	_, err = run[any](h, nil, h.acts.Subscribe, job)
	requireCode(t, err, activities.CodeLeaseLost)
	_, err = h.changed(job)
	requireCode(t, err, activities.CodeLeaseLost)
	require.EqualValues(t, 1, h.consumers()[0].Pending)
}

func TestCaptureThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code string // "": prepared without
	}{
		"can't here":  {backends.ErrUnsupported, ""},
		"may not":     {backends.ErrUnauthorized, activities.CodeUnauthorized},
		"is down":     {backends.ErrUnavailable, activities.CodeUnavailable},
		"no table":    {backends.ErrNotFound, activities.CodeNotFound},
		"lost at all": {backends.ErrChangesLost, activities.CodeChangesLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			job := h.job()
			h.faults.Add(faulty.Fault{Operation: "Subscribe", Err: c.err})
			found, err := run[activities.Prepared](h, nil, h.acts.Prepare, job)
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Nil(t, found.Capture)
		})
	}
}

// TestVerifyAgain guards the second look: what is still wrong for the same text.
func TestVerifyAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(5)
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.NoError(t, h.generation(newer).Delete(t.Context(), []string{"id-0001", "id-0002"}))
	found, err := h.segment(nil, job, activities.VerifyForward, "")
	require.NoError(t, err)
	require.EqualValues(t, 2, found.Report.Wrong())
	h.put(backends.Item{ID: "id-0002", Text: "edited"})
	look := activities.SecondLook{Job: job, Findings: found.Report.Findings}
	again, err := run[activities.Verification](h, nil, h.acts.VerifyAgain, look)
	require.NoError(t, err)
	require.Equal(t, map[verify.Kind]int64{verify.Missing: 1}, again.Counts)
	require.Equal(t, "id-0001", again.Findings[0].ID)
	h.faults.Add(faulty.Fault{Operation: "Lookup", Err: backends.ErrUnavailable})
	_, err = run[any](h, nil, h.acts.VerifyAgain, look)
	requireCode(t, err, activities.CodeUnavailable)
}
