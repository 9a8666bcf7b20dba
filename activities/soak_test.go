package activities_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

// TestArmSoak guards what is there before the switch: the changes for both
// generations are kept, and the record says who is about to soak; there is nothing
// to soak without a former generation.
func TestArmSoak(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(10)
	job := h.prepared()
	job.SoakSeconds = 60
	plan, err := run[activities.SoakPlan](h, nil, h.acts.ArmSoak, job)
	require.NoError(t, err)
	require.Zero(t, plan.Window, "the first generation has none before it")
	_, err = records.GetSoak(t.Context(), h.registry(), "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)

	former := h.switchedTo(older)
	job.RouteVersion = former.Version
	for range 2 { // idempotent
		plan, err = run[activities.SoakPlan](h, nil, h.acts.ArmSoak, job)
		require.NoError(t, err)
	}
	require.Equal(t, time.Minute, plan.Window)
	require.Equal(t, former, plan.Former)
	require.Equal(t, activities.SoakID("docs"), plan.Active.ID)
	require.Equal(t, newer, plan.Active.To)
	require.Equal(t, older, plan.Standby.To)
	require.Equal(t, older.Fingerprint(), plan.Standby.Fingerprint)
	require.Empty(t, plan.Standby.Run)
	s, err := records.GetSoak(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, records.SoakArmed, s.State)
	require.Equal(t, "job", s.Job)
	require.Equal(t, older.Name, s.Standby.Model)
	capture, _ := backends.As[backends.Capture](h.store.Source("docs"))
	all, err := capture.Consumers(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)

	h.stolen()
	_, err = run[activities.SoakPlan](h, nil, h.acts.ArmSoak, job)
	requireCode(t, err, activities.CodeLeaseLost)
}

// TestArmSoakOfAModelThatIsGone guards a former model that the catalog has no more:
// its soak begins all the same, and says that it can't be kept in step.
func TestArmSoakOfAModelThatIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(10)
	former := h.switchedTo(older)
	delete(h.catalog.Models, older.Name)
	job := h.prepared()
	job.SoakSeconds = 60
	plan, err := run[activities.SoakPlan](h, nil, h.acts.ArmSoak, job)
	require.NoError(t, err)
	require.Equal(t, former.Fingerprint, plan.Standby.Fingerprint)
	_, err = run[activities.Switched](h, nil, h.acts.Switch, job)
	require.NoError(t, err)
	s := &soaking{house: h, plan: plan}
	require.NoError(t, records.GiveBackLease(t.Context(), h.registry(), "docs", job.Epoch))
	s.take(t)
	active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
	require.True(t, active.InStep)
	require.Equal(t, activities.CodeCatalogMismatch, standby.Code)
	require.EqualValues(t, -1, standby.Pending, "nobody can count that")
}

// TestAwaitSwitch guards armed soaks: one sees the switch also when the job is over
// by then, however it ended, and one whose job did not switch sees that.
func TestAwaitSwitch(t *testing.T) {
	t.Parallel()
	alive, over := look{first: "first", status: running}, look{first: "first", status: terminated}
	for name, c := range map[string]struct {
		looks    []look // at the job
		switches bool
		want     bool
	}{
		"switched":                {[]look{alive}, true, true},
		"switched, and killed":    {[]look{over}, true, true},
		"switched, and forgotten": {nil, true, true},
		"failed":                  {[]look{alive, alive, over}, false, false},
		"forgotten":               {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(10)
			h.switchedTo(older)
			job := h.prepared()
			job.SoakSeconds = 60
			plan, err := run[activities.SoakPlan](h, nil, h.acts.ArmSoak, job)
			require.NoError(t, err)
			if c.switches {
				_, err := run[activities.Switched](h, nil, h.acts.Switch, job)
				require.NoError(t, err)
			}
			h.temporal.looks = map[string][]look{"job": c.looks}
			seen, err := run[activities.SwitchSeen](h, nil, h.acts.AwaitSwitch, plan)
			require.NoError(t, err)
			require.Equal(t, c.want, seen.Switched)
			if c.want {
				require.EqualValues(t, 2, seen.Route.Generation)
			}
		})
	}
}

// TestEndSoak guards what a soak gives back, and that it takes nothing that
// another job armed meanwhile; nothing is dropped.
func TestEndSoak(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 10, memory.Table{})
	begin := activities.SoakBegin{Plan: s.plan, Route: s.switched, Since: time.Now(), Until: time.Now().Add(time.Hour)}
	_, err := run[any](s.house, nil, s.acts.BeginSoak, begin)
	require.NoError(t, err)
	kept, err := records.GetSoak(t.Context(), s.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, records.SoakSoaking, kept.State)
	require.EqualValues(t, 2, kept.Active.Generation)
	require.EqualValues(t, 1, kept.Standby.Generation)

	end := activities.SoakEnd{Plan: s.plan, Epoch: s.plan.Active.Epoch, Switched: true}
	for range 2 { // idempotent
		_, err = run[any](s.house, nil, s.acts.EndSoak, end)
		require.NoError(t, err)
	}
	_, err = records.GetSoak(t.Context(), s.registry(), "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)
	_, err = records.GetLease(t.Context(), s.registry(), "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)
	all, err := backendsCapture(t, s).Consumers(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	s.generation(older)
	s.generation(newer)

	other := kept
	other.Job = "another"
	require.NoError(t, records.PutSoak(t.Context(), s.registry(), other))
	_, err = run[any](s.house, nil, s.acts.EndSoak, end)
	require.NoError(t, err)
	now, err := records.GetSoak(t.Context(), s.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, "another", now.Job)
}

// TestDropFormer guards the only thing that a soak drops.
func TestDropFormer(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 10, memory.Table{})
	_, err := run[any](s.house, nil, s.acts.DropFormer, s.plan.Active)
	requireCode(t, err, activities.CodeRouteChanged)
	s.generation(newer)
	stale := s.plan.Standby
	stale.Epoch--
	_, err = run[any](s.house, nil, s.acts.DropFormer, stale)
	requireCode(t, err, activities.CodeLeaseLost)
	s.generation(older)
	for range 2 { // idempotent
		_, err = run[any](s.house, nil, s.acts.DropFormer, s.plan.Standby)
		require.NoError(t, err)
	}
	_, err = s.index().Open(t.Context(), s.plan.Standby.Locator)
	require.ErrorIs(t, err, backends.ErrNotFound)
	s.generation(newer)
}

// TestNamespaceThatSoaks guards a soak against jobs: they are refused, unless they
// end it, or only plan. A soak that nobody watches any more is in nobody's way.
func TestNamespaceThatSoaks(t *testing.T) {
	t.Parallel()
	alive, over := []look{{first: "s", status: running}}, []look{{first: "s", status: terminated}}
	for name, c := range map[string]struct {
		state    records.SoakState
		looks    []look // at the soak
		moved    bool   // the route points at the target
		request  string
		resolves string // code of Resolve; "": it resolves
		takes    string // code of AcquireLease
	}{
		"soaking":               {records.SoakSoaking, alive, true, `{}`, activities.CodeSoaking, activities.CodeSoaking},
		"soaking, to be ended":  {records.SoakSoaking, alive, true, `{"end_soak":true}`, "", activities.CodeNamespaceBusy},
		"soaking, a plan":       {records.SoakSoaking, alive, true, `{"dry_run":true}`, "", activities.CodeSoaking},
		"terminated":            {records.SoakSoaking, over, true, `{}`, "", ""},
		"forgotten":             {records.SoakSoaking, nil, true, `{}`, "", ""},
		"armed":                 {records.SoakArmed, alive, false, `{}`, "", activities.CodeNamespaceBusy},
		"armed, and switched":   {records.SoakArmed, alive, true, `{}`, activities.CodeSoaking, activities.CodeSoaking},
		"armed, and terminated": {records.SoakArmed, over, false, `{}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(10)
			h.switchedTo(older)
			target := newer
			if c.moved {
				target = older
			}
			require.NoError(t, records.PutSoak(t.Context(), h.registry(), records.Soak{
				Namespace: "docs", Workflow: activities.SoakID("docs"), Job: "before", Run: "r", State: c.state,
				Active: records.Place{Locator: h.index().Locator(target), Model: target.Name},
			}))
			h.temporal.looks = map[string][]look{activities.SoakID("docs"): c.looks}
			request := map[string]any{"namespace": "docs", "to": "newer"}
			require.NoError(t, json.Unmarshal([]byte(c.request), &request))
			raw, err := json.Marshal(request)
			require.NoError(t, err)
			job, err := run[activities.Job](h, nil, h.acts.Resolve, json.RawMessage(raw))
			if c.resolves != "" {
				requireCode(t, err, c.resolves)
				require.ErrorContains(t, err, "soaks since its switch to")
			} else {
				require.NoError(t, err)
			}
			_, endSoak := request["end_soak"]
			_, err = run[int64](h, nil, h.acts.AcquireLease, activities.Job{ID: "job", Run: "run", Namespace: "docs", EndSoak: endSoak})
			if c.takes != "" {
				requireCode(t, err, c.takes)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, endSoak, len(h.temporal.told) == 1, "only who is to end it does")
			require.Equal(t, endSoak, job.EndSoak)
		})
	}
}

// TestOwnSoakIsInNobodysWay guards a job that armed its soak, lost the namespace
// and queues again; and the soak itself.
func TestOwnSoakIsInNobodysWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(10)
	h.switchedTo(older)
	require.NoError(t, records.PutSoak(t.Context(), h.registry(), records.Soak{
		Namespace: "docs", Workflow: activities.SoakID("docs"), Job: "job", Run: "run", State: records.SoakArmed,
		Active: records.Place{Locator: h.index().Locator(newer), Model: newer.Name},
	}))
	h.temporal.looks = map[string][]look{activities.SoakID("docs"): {{first: "s", status: running}}, "job": {{first: "run", status: terminated}}}
	for _, id := range []string{"job", activities.SoakID("docs")} {
		_, err := run[int64](h, nil, h.acts.AcquireLease, activities.Job{ID: id, Run: "run", Namespace: "docs"})
		require.NoError(t, err, id)
	}
}

// TestClearSoak guards a switch against a soak that is in the way of its own: it
// is asked to end, once, and waited for.
func TestClearSoak(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	alive := look{first: "s", status: running}
	h.temporal.looks = map[string][]look{activities.SoakID("docs"): {alive, alive, {first: "s", status: completed}}}
	_, err := run[any](h, nil, h.acts.ClearSoak, activities.SoakPlan{Namespace: "docs", ArmedBy: "job"})
	require.NoError(t, err)
	require.Len(t, h.temporal.told, 1)
	require.Equal(t, activities.SoakID("docs"), h.temporal.told[0])
	h.temporal.looks = nil
	_, err = run[any](h, nil, h.acts.ClearSoak, activities.SoakPlan{Namespace: "docs", ArmedBy: "job"})
	require.NoError(t, err, "there is none")
}

// TestClearSoakOfAJobThatWasReset guards the soak behind a switch against its own
// job, which was reset to before the start of that soak, and finds it in its way.
func TestClearSoakOfAJobThatWasReset(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 10, memory.Table{})
	alive := look{first: "s", status: running}
	s.temporal.looks = map[string][]look{activities.SoakID("docs"): {alive, alive, {first: "s", status: completed}}}
	_, err := run[any](s.house, nil, s.acts.ClearSoak, s.plan)
	require.NoError(t, err)
	require.Empty(t, s.temporal.told)
}

// TestEndSoakThatHadNotSeenTheSwitch guards the journal against a soak that was
// ended right behind the switch: nobody else takes the changes for its target.
func TestEndSoakThatHadNotSeenTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 10, memory.Table{})
	_, err := run[any](s.house, nil, s.acts.EndSoak, activities.SoakEnd{Plan: s.plan})
	require.NoError(t, err)
	all, err := backendsCapture(t, s).Consumers(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

// TestSwitchBack guards the way back: what moves a job's route moves a soak's, by
// the version that the soak saw, and only once.
func TestSwitchBack(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 10, memory.Table{})
	back := s.plan.Standby
	back.RouteVersion = s.switched.Version
	done, err := run[activities.Switched](s.house, nil, s.acts.Switch, back)
	require.NoError(t, err)
	require.EqualValues(t, 3, done.Route.Generation)
	now, err := route.Get(t.Context(), s.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, older.Name, now.Model)
	forth := s.plan.Active
	forth.RouteVersion = s.switched.Version
	_, err = run[activities.Switched](s.house, nil, s.acts.Switch, forth)
	requireCode(t, err, activities.CodeRouteChanged)
}
