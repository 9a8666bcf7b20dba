package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

func (h *house) switchRoute(setup func(*testsuite.TestActivityEnvironment), job activities.Job) (activities.Switched, error) {
	h.t.Helper()
	return run[activities.Switched](h, setup, h.acts.Switch, job)
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	former := h.switchedTo(older)
	job := h.prepared()
	got, err := h.switchRoute(nil, job)
	require.NoError(t, err)
	now, err := route.Get(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, now, got.Route)
	require.Equal(t, route.Route{
		Namespace: "docs", Generation: 2, Locator: job.Locator, Model: "newer", Fingerprint: newer.Fingerprint(),
		Dimensions: 96, Metric: backends.Cosine, Version: now.Version,
	}, now)
	require.Equal(t, &former, got.Former)
	_, err = h.index().Open(t.Context(), former.Locator)
	require.NoError(t, err, "the former generation stays")
}

func TestFirstSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got, err := h.switchRoute(nil, h.prepared())
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Route.Generation)
	require.Nil(t, got.Former)
}

// The answer of an attempt is lost: the next one finds the route switched, and
// still knows what it replaced.
func TestSwitchWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, when := range []faulty.When{faulty.Before, faulty.After} {
		h := newHouse(t)
		h.fill(3)
		former := h.switchedTo(older)
		job := h.prepared()
		h.faults.Add(
			faulty.Fault{Role: "registry", Operation: "Put", When: when, Err: backends.ErrUnavailable},
			faulty.Fault{Role: "registry", Operation: "Get", Nth: 3, Err: backends.ErrUnavailable}, // Swap can't look
		)
		var beat route.Route
		_, err := h.switchRoute(func(env *testsuite.TestActivityEnvironment) {
			env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
				require.NoError(t, details.Get(&beat))
			})
		}, job)
		requireCode(t, err, activities.CodeUnavailable)
		require.Equal(t, former, beat)
		h.faults.Clear()
		got, err := h.switchRoute(func(env *testsuite.TestActivityEnvironment) { env.SetHeartbeatDetails(beat) }, job)
		require.NoError(t, err)
		require.Equal(t, job.Locator, got.Route.Locator)
		require.EqualValues(t, 2, got.Route.Generation, "switched once")
		require.Equal(t, &former, got.Former)
	}
}

// An unclear answer is settled by reading the record.
func TestSwitchSettlesAnUnclearOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	h.switchedTo(older)
	job := h.prepared()
	h.faults.Add(faulty.Fault{Role: "registry", Operation: "Put", When: faulty.After, Err: backends.ErrUnavailable})
	got, err := h.switchRoute(nil, job)
	require.NoError(t, err)
	require.Equal(t, job.Locator, got.Route.Locator)
}

func TestSwitchToWhatIsActive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	h.switchedTo(newer)
	job := h.job()
	before, err := route.Get(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	got, err := h.switchRoute(nil, job)
	require.NoError(t, err)
	require.Equal(t, before, got.Route, "nothing changed")
	require.Nil(t, got.Former)
	_, err = run[any](h, nil, h.acts.CheckSwitch, job)
	require.NoError(t, err)
}

func TestSwitchRefuses(t *testing.T) {
	t.Parallel()
	moved := func(h *house) {
		r, err := route.Get(h.t.Context(), h.registry(), "docs")
		require.NoError(h.t, err)
		next := r
		next.Generation, next.Locator, next.Fingerprint = 2, "docs@elsewhere", "elsewhere"
		_, err = route.Swap(h.t.Context(), h.registry(), r.Version, next)
		require.NoError(h.t, err)
	}
	for _, tt := range []struct {
		name  string
		spoil func(h *house)
		code  string
	}{
		{"a lost lease", (*house).stolen, activities.CodeLeaseLost},
		{"a route that was moved", moved, activities.CodeRouteChanged},
		{"a route that is moved in the midst", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "registry", Operation: "Put", Do: func(context.Context, faulty.Call) error { moved(h); return nil }})
		}, activities.CodeRouteChanged},
		{"a route that is gone", func(h *house) {
			r, err := route.Get(h.t.Context(), h.registry(), "docs")
			require.NoError(h.t, err)
			require.NoError(h.t, h.registry().Delete(h.t.Context(), route.Kind, "docs", r.Version))
		}, activities.CodeRouteChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(3)
			h.switchedTo(older)
			job := h.prepared()
			tt.spoil(h)
			_, err := h.switchRoute(nil, job)
			requireCode(t, err, tt.code)
			if now, err := route.Get(t.Context(), h.registry(), "docs"); err == nil {
				require.NotEqual(t, job.Locator, now.Locator)
			}
		})
	}
}

func TestCheckSwitch(t *testing.T) {
	t.Parallel()
	quarantined := func(ids ...string) func(h *house, job *activities.Job) {
		return func(h *house, job *activities.Job) {
			for _, id := range ids {
				q := records.Quarantined{ID: id, Content: "c", Reason: "r"}
				require.NoError(h.t, records.PutQuarantined(h.t.Context(), h.registry(), "docs", job.Fingerprint, q))
			}
		}
	}
	for _, tt := range []struct {
		name  string
		given func(h *house, job *activities.Job)
		code  string
		want  string
	}{
		{"nothing stands against it", func(*house, *activities.Job) {}, "", ""},
		{"a lost lease", func(h *house, _ *activities.Job) { h.stolen() }, activities.CodeLeaseLost, "thief"},
		{"a moved route", func(_ *house, job *activities.Job) { job.RouteVersion += 7 }, activities.CodeRouteChanged, "docs@"},
		{"quarantine", quarantined("id-0001"), activities.CodeQuarantine, "1 items have no vector and are not waived: id-0001"},
		{
			"much quarantine", quarantined("id-0001", "id-0002", "id-0003", "id-0004", "id-0005", "id-0006"),
			activities.CodeQuarantine, "6 items have no vector and are not waived: id-0001, id-0002, id-0003, id-0004, id-0005, ...",
		},
		{"waived quarantine", func(h *house, job *activities.Job) {
			quarantined("id-0001")(h, job)
			job.Waive = []string{"id-0001"}
		}, "", ""},
		{"a waiver of the refused text", func(h *house, job *activities.Job) {
			quarantined("id-0001")(h, job)
			waived(h, job, records.Waiver{ID: "id-0001", Content: "c"})
		}, "", ""},
		{"a waiver of another text", func(h *house, job *activities.Job) {
			quarantined("id-0001", "id-0002")(h, job)
			waived(h, job, records.Waiver{ID: "id-0001", Content: "before"}, records.Waiver{ID: "id-0002", Content: "c"})
		}, activities.CodeQuarantine, "1 items have no vector and are not waived: id-0001"},
		{"a waiver for another model", func(h *house, job *activities.Job) {
			quarantined("id-0001")(h, job)
			w := records.Waiver{ID: "id-0001", Content: "c"}
			require.NoError(h.t, records.PutWaiver(h.t.Context(), h.registry(), "docs", older.Fingerprint(), w))
		}, activities.CodeQuarantine, "id-0001"},
		{"waivers that can't be read", func(h *house, job *activities.Job) {
			quarantined("id-0001")(h, job)
			h.faults.Add(faulty.Fault{Role: "registry", Operation: "List", Nth: 2, Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable, ""},
		{"quarantine of an item that is gone", quarantined("gone"), "", ""},
		{"changed canaries", func(h *house, _ *activities.Job) {
			all, err := h.registry().List(h.t.Context(), "canary", "", "", 100)
			require.NoError(h.t, err)
			for _, e := range all {
				require.NoError(h.t, h.registry().Delete(h.t.Context(), "canary", e.Key, e.Version))
			}
			h.spoilCanaries(newer)
		}, activities.CodeCanariesChanged, "model newer"},
		{"a source that is down", func(h *house, job *activities.Job) {
			quarantined("id-0001")(h, job)
			h.faults.Add(faulty.Fault{Operation: "Lookup", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable, ""},
		{"a registry that is down", func(h *house, _ *activities.Job) {
			h.faults.Add(faulty.Fault{Role: "registry", Operation: "List", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(10)
			h.switchedTo(older)
			job := h.prepared()
			tt.given(h, &job)
			_, err := run[any](h, nil, h.acts.CheckSwitch, job)
			if tt.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, err, tt.code)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func waived(h *house, job *activities.Job, all ...records.Waiver) {
	h.t.Helper()
	for _, w := range all {
		require.NoError(h.t, records.PutWaiver(h.t.Context(), h.registry(), "docs", job.Fingerprint, w))
	}
}

func TestCheckSwitchForgetsItemsThatAreGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	job := h.prepared()
	q := records.Quarantined{ID: "gone", Content: "c", Reason: "r"}
	require.NoError(t, records.PutQuarantined(t.Context(), h.registry(), "docs", job.Fingerprint, q))
	_, err := run[any](h, nil, h.acts.CheckSwitch, job)
	require.NoError(t, err)
	all, err := records.AllQuarantined(t.Context(), h.registry(), "docs", job.Fingerprint)
	require.NoError(t, err)
	require.Empty(t, all)
}
