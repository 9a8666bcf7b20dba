package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// TestDropFormerKeepsWhatItAloneHas guards a late writer's text that the active model
// refuses: no merge brings it over, and a retire took the only copy away.
func TestDropFormerKeepsWhatItAloneHas(t *testing.T) {
	t.Parallel()
	for name, mend := range map[string]func(h *inside, active activities.Job){
		"waived": func(h *inside, _ activities.Job) {
			waiver := records.Waiver{ID: "id-0001", Content: backends.ContentHash("a bad text"), Reason: "spam", By: "me"}
			require.NoError(h.t, records.PutWaiver(h.t.Context(), h.registry(), "docs", newer.Fingerprint(), waiver))
		},
		"mended": func(h *inside, active activities.Job) {
			h.write(h.older, older, "id-0001", "a good text")
			h.do(activities.Merge, active)
			require.Equal(h.t, "a good text", h.text(h.newer, "id-0001"))
		},
		"deleted": func(h *inside, _ activities.Job) {
			require.NoError(h.t, h.older.Delete(h.t.Context(), "id-0001"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newInside(t, 3)
			active, standby := h.soaking()
			h.do(activities.Merge, active)
			h.do(activities.Merge, standby)
			h.write(h.older, older, "id-0001", "a bad text")
			require.EqualValues(t, 1, h.do(activities.Merge, active).Counts.Quarantined)

			_, err := run[any](h.house, nil, h.acts.DropFormer, standby)
			requireCode(t, err, activities.CodeConflict)
			require.ErrorContains(t, err, "id-0001")
			require.Equal(t, "a bad text", h.text(h.older, "id-0001"))

			mend(h, active)
			for range 2 { // the answer of the first may be lost
				_, err = run[any](h.house, nil, h.acts.DropFormer, standby)
				require.NoError(t, err)
			}
			_, err = h.older.Fetch(t.Context(), "id-0001")
			require.ErrorIs(t, err, backends.ErrNotFound)
		})
	}
}
