package activities_test

import (
	"context"
	"errors"
	"fmt"
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

// TestVerificationUnderAConstantWriter guards jobs of applications that never rest:
// each page that is looked at comes behind an edit, an insert and a delete, none of
// which is a finding; and a record that somebody else changed is one all the same.
func TestVerificationUnderAConstantWriter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1200)
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	source, n := h.store.Source("docs"), 0
	write := func(context.Context, faulty.Call) error {
		n++
		id := func(k int) string { return fmt.Sprintf("id-%04d", (n*97+k*13)%1200) }
		err := source.PutItems(t.Context(), []backends.Item{
			{ID: id(0), Text: fmt.Sprintf("edit %d", n)}, {ID: fmt.Sprintf("id-%04d-new", n*31), Text: fmt.Sprintf("new %d", n)},
		})
		return errors.Join(err, source.DeleteItems(t.Context(), []string{id(1)}))
	}
	h.faults.Add(
		faulty.Fault{Operation: "ReadPage", Do: write}, faulty.Fault{Operation: "ReadStamps", Do: write},
		faulty.Fault{Operation: "Lookup", Do: write}, faulty.Fault{Operation: "Fetch", Do: write},
	)
	look := func() (all activities.Verification) {
		for _, task := range []activities.Task{activities.VerifyForward, activities.VerifyBackward} {
			seen, err := h.segment(nil, job, task, "")
			require.NoError(t, err)
			all.Merge(*seen.Report)
		}
		return all
	}
	for range 3 {
		all := look()
		require.Zero(t, all.Wrong(), all.Summary())
		require.Positive(t, all.Moving)
		_, err = h.changed(job)
		require.NoError(t, err)
	}
	require.NoError(t, h.generation(newer).Delete(t.Context(), []string{"id-0777"}))
	all := look()
	require.Equal(t, []verify.Finding{{
		Kind: verify.Missing, ID: "id-0777", Want: backends.ContentHash("the text number 777 of the corpus"),
	}}, all.Findings)
	h.faults.Clear()
	_, err = h.changed(job)
	require.NoError(t, err)
	_, err = h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	all = look()
	require.True(t, all.Clean())
	require.Zero(t, all.Moving)
}
