package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// TestLastMergeBeginsAnew guards what a late writer wrote into a collection that is
// to be dropped, behind the cursor of the merge that was under way.
func TestLastMergeBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newInside(t, 12)
	active, standby := h.soaking()
	under := activities.Step{InStep: true, Full: true, Task: activities.Merge, Cursor: h.do(activities.Merge, active).Cursor}
	late := []string{"a-late", "id-0005-late", "z-late"} // wherever the cursor is, some are behind it
	for _, id := range late {
		h.write(h.older, older, id, "only here")
	}
	ask := activities.StepRequest{
		Once: true, Active: &activities.Side{Job: active, Step: under},
		Standby: &activities.Side{Job: standby, Step: activities.Step{Full: true}},
	}
	_, err := run[activities.StepResult](h.house, nil, h.acts.KeepInStep, ask)
	require.NoError(t, err)
	for _, id := range late {
		require.Equal(t, "only here", h.text(h.newer, id))
	}
}

// A collection that holds one side of a conflict is not dropped.
func TestDropFormerKeepsConflicts(t *testing.T) {
	t.Parallel()
	h := newInside(t, 3)
	active, standby := h.soaking()
	h.write(h.older, older, "id-0001", "changed late")
	h.write(h.newer, newer, "id-0001", "changed")
	h.do(activities.Merge, active)
	_, err := run[any](h.house, nil, h.acts.DropFormer, standby)
	requireCode(t, err, activities.CodeConflict)
	require.ErrorContains(t, err, "id-0001")
	require.Equal(t, "changed late", h.text(h.older, "id-0001"))

	require.NoError(t, records.DeleteConflicts(t.Context(), h.registry(), "docs", "id-0001"))
	_, err = run[any](h.house, nil, h.acts.DropFormer, standby)
	require.NoError(t, err)
	_, err = h.older.Fetch(t.Context(), "id-0001")
	require.ErrorIs(t, err, backends.ErrNotFound)
}

// A job would write over one side of a conflict: a person decides first.
func TestPlanBlocksOverConflicts(t *testing.T) {
	t.Parallel()
	h := newInside(t, 3)
	job := h.job()
	require.NoError(t, records.PutConflict(t.Context(), h.registry(), "docs", records.Conflict{
		ID: "id-0001", Active: records.ConflictSide{Locator: "articles"}, Former: records.ConflictSide{Locator: job.Locator},
	}))
	plan, err := run[activities.Plan](h.house, nil, h.acts.Plan, job)
	require.NoError(t, err)
	require.Len(t, plan.Blockers, 1)
	require.Contains(t, plan.Blockers[0], "reembed conflicts docs")
	require.NoError(t, records.DeleteConflicts(t.Context(), h.registry(), "docs", "id-0001"))
	plan, err = run[activities.Plan](h.house, nil, h.acts.Plan, job)
	require.NoError(t, err)
	require.Empty(t, plan.Blockers)
}
