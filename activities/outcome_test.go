package activities_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

func TestRecordOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := h.job()
	out := activities.Outcome{Job: job, State: "FAILED", Status: []byte(`{"phase":"copying"}`)}
	_, err := run[any](h, nil, h.acts.RecordOutcome, out)
	require.NoError(t, err)
	kept, err := records.GetJob(t.Context(), h.registry(), "job")
	require.NoError(t, err)
	require.Equal(t, "FAILED", kept.State)
	require.Equal(t, "first", kept.Run)
	require.Equal(t, "docs", kept.Namespace)
	require.Equal(t, json.RawMessage(`{"phase":"copying"}`), kept.Status)
	require.False(t, kept.EndedAt.IsZero())
	require.Equal(t, []string{"FAILED"}, h.observer.ended)

	// Of a refused request there is no namespace: it is counted all the same.
	_, err = run[any](h, nil, h.acts.RecordOutcome, activities.Outcome{State: "FAILED", Status: []byte("{}")})
	require.NoError(t, err)
	require.Equal(t, []string{"FAILED", "FAILED"}, h.observer.ended)

	out.Status = []byte("no JSON")
	_, err = run[any](h, nil, h.acts.RecordOutcome, out)
	requireCode(t, err, activities.CodeInvalidRequest)
	out.Status = []byte("{}")
	h.faults.Add(faulty.Fault{Role: "registry", Err: backends.ErrUnavailable})
	_, err = run[any](h, nil, h.acts.RecordOutcome, out)
	requireCode(t, err, activities.CodeUnavailable)
	require.Len(t, h.observer.ended, 2, "what was not kept is not told")
	h.acts.Observer = nil
	h.faults.Clear()
	_, err = run[any](h, nil, h.acts.RecordOutcome, out)
	require.NoError(t, err)
}

// TestOutcomeIsToldOnce guards the counters of jobs: whichever call of the
// registry fails, and when an answer is lost, the job is counted once.
func TestOutcomeIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faulty.Fault{
		"the activity's answer is lost": {Operation: "none"},
		"not read":                      {Operation: "Get"},
		"read, and not told":            {Operation: "Get", When: faulty.After},
		"not written":                   {Operation: "Put"},
		"written, and not told":         {Operation: "Put", When: faulty.After},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			out := activities.Outcome{Job: h.job(), State: "COMPLETED", Status: []byte(`{}`)}
			fault.Role, fault.Nth, fault.Err = "registry", 1, backends.ErrUnavailable
			h.faults.Add(fault)
			attempt := func() error {
				_, err := run[any](h, nil, h.acts.RecordOutcome, out)
				return err
			}
			if attempt() != nil {
				require.NoError(t, attempt())
			}
			require.NoError(t, attempt(), "as after an answer that was lost")
			require.Equal(t, []string{"COMPLETED"}, h.observer.ended)
		})
	}
}
