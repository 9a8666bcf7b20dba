package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

func TestSyncSegmentQuarantines(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(40)
	h.put(backends.Item{ID: "id-0007", Text: "bad one"}, backends.Item{ID: "id-0021", Text: ""})
	job := h.prepared()
	got, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 2, got.Counts.Quarantined)
	all, err := records.AllQuarantined(t.Context(), h.registry(), "docs", job.Fingerprint)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "id-0007", all[0].ID)
	require.Equal(t, backends.ContentHash("bad one"), all[0].Content)
	require.Equal(t, "job", all[0].Job)
	require.NotContains(t, all[0].Reason, "bad one")
	require.NotEmpty(t, all[0].Reason)
	seen, err := h.segment(nil, job, activities.VerifyForward, "")
	require.NoError(t, err)
	require.True(t, seen.Report.Clean())
	require.EqualValues(t, 2, seen.Report.Quarantined)

	h.put(backends.Item{ID: "id-0007", Text: "mended"})
	got, err = h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Counts.Quarantined)
	all, err = records.AllQuarantined(t.Context(), h.registry(), "docs", job.Fingerprint)
	require.NoError(t, err)
	require.Len(t, all, 1, "the mended one is free")
	report := h.clean(job)
	require.True(t, report.Clean())
}

func TestTooManyFailedItems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(40)
	for i := range 4 {
		h.put(backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: fmt.Sprintf("bad %d", i)})
	}
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	requireCode(t, err, activities.CodeTooManyFailedItems)
	require.ErrorContains(t, err, "4 items can't be embedded, max_failed_items is 3")

	job.MaxFailedItems = 4
	got, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
}

// A job that follows the advice - mend the texts, start again - failed once more
// when it met one new refusal before it came to the mended items.
func TestMendedAndGoneItemsAreNotFailedItems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(40)
	for i := range 4 {
		h.put(backends.Item{ID: fmt.Sprintf("id-%04d", 10+i), Text: fmt.Sprintf("bad %d", i)})
	}
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	requireCode(t, err, activities.CodeTooManyFailedItems)

	h.put(backends.Item{ID: "id-0010", Text: "mended"}, backends.Item{ID: "id-0000", Text: "another bad one"})
	require.NoError(t, h.store.Source("docs").DeleteItems(t.Context(), []string{"id-0011", "id-0012"}))
	got, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	require.True(t, got.Done)
	require.EqualValues(t, 2, got.Counts.Quarantined, "id-0000 and id-0013")
}

// Counting reads all refusals: after each one, that is quadratic in what is allowed.
func TestRefusalsAreNotCountedAfterEachOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 40 {
		h.put(backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: fmt.Sprintf("bad %d", i)})
	}
	job := h.prepared()
	job.MaxFailedItems = 1000
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	lists := 0
	for _, c := range h.faults.Calls() {
		if c.Role == "registry" && c.Operation == "List" {
			lists++
		}
	}
	require.Equal(t, 1+4, lists, "at the beginning, and after each tenth")
}
