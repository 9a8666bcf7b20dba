package activities_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

// capturing is package memory as a store whose tables notice changes in one way.
type capturing struct {
	memoryStore
	table memory.Table
}

func (s capturing) Source(ns catalog.Namespace) (backends.Source, error) {
	t := s.table
	t.Name = ns.Name
	return s.Table(t), nil
}

// muted is an embedder that may be told to answer no more, or otherwise than before.
type muted struct {
	backends.Embedder
	mute, strange *atomic.Bool
}

func (m muted) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	if m.mute.Load() {
		return backends.Embedding{}, fmt.Errorf("%w: the provider is gone", backends.ErrUnauthorized)
	}
	e, err := m.Embedder.Embed(ctx, p, texts)
	if err == nil && m.strange.Load() {
		for _, v := range e.Vectors {
			for i := range v {
				v[i] = -v[i]
			}
		}
	}
	return e, err
}

// soaking is a house whose namespace was switched from the older to the newer
// model, and soaks.
type soaking struct {
	*house
	table         memory.Table
	mute, strange atomic.Bool // of the older model
	plan          activities.SoakPlan
	switched      route.Route
}

// newSoaking has n items, and a job that has armed its soak and switched.
func newSoaking(t *testing.T, n int, table memory.Table) *soaking {
	t.Helper()
	s := &soaking{house: newHouse(t), table: table}
	store := s.catalog.Stores["main"]
	store.Open = func(context.Context) (catalog.Store, error) { return capturing{memoryStore{s.store}, table}, nil }
	s.catalog.Stores["main"] = store
	embedders := s.catalog.Embedders["builtin"]
	open := embedders.Open
	embedders.Open = func(m backends.Model) (backends.Embedder, error) {
		e, err := open(m)
		if m.Name == older.Name {
			e = muted{e, &s.mute, &s.strange}
		}
		return e, err
	}
	s.catalog.Embedders["builtin"] = embedders
	s.fill(n)
	s.switchedTo(older)
	job := s.prepared()
	job.SoakSeconds = 3600
	var err error
	s.plan, err = run[activities.SoakPlan](s.house, nil, s.acts.ArmSoak, job)
	require.NoError(t, err)
	require.Equal(t, time.Hour, s.plan.Window)
	done, err := run[activities.Switched](s.house, nil, s.acts.Switch, job)
	require.NoError(t, err)
	s.switched = done.Route
	require.NoError(t, records.GiveBackLease(t.Context(), s.registry(), "docs", job.Epoch))
	s.take(t)
	return s
}

// take gives the soak the namespace.
func (s *soaking) take(t *testing.T) {
	t.Helper()
	lease := s.plan.Active
	lease.Run = "soak-run"
	epoch, err := run[int64](s.house, nil, s.acts.AcquireLease, lease)
	require.NoError(t, err)
	for _, j := range []*activities.Job{&s.plan.Active, &s.plan.Standby} {
		j.Run, j.Epoch = "soak-run", epoch
	}
}

// sides ask to keep both in step, from where they were.
func (s *soaking) sides(active, standby activities.Step) activities.StepRequest {
	return activities.StepRequest{
		Active: &activities.Side{Job: s.plan.Active, Step: active}, Standby: &activities.Side{Job: s.plan.Standby, Step: standby},
		Once: true, For: time.Hour,
	}
}

// inStep brings both in step, and returns where they are.
func (s *soaking) inStep(t *testing.T, active, standby activities.Step) (activities.Step, activities.Step) {
	t.Helper()
	res, err := run[activities.StepResult](s.house, nil, s.acts.KeepInStep, s.sides(active, standby))
	require.NoError(t, err)
	return *res.Active, *res.Standby
}

// mirrors checks that a model's generation has each item as it is, and nothing else.
func (s *soaking) mirrors(t *testing.T, m backends.Model) {
	t.Helper()
	page, err := s.store.Source("docs").ReadPage(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(t, err)
	stamps, err := s.generation(m).ReadStamps(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(t, err)
	require.Len(t, stamps.Items, len(page.Items))
	want := map[string]backends.Stamp{}
	for _, it := range page.Items {
		want[it.ID] = backends.NewStamp(it, m.Fingerprint(), true)
	}
	for _, r := range stamps.Items {
		require.Equal(t, want[r.ID], r.Stamp, r.ID)
	}
}

// change edits, deletes and inserts.
func (s *soaking) change(t *testing.T, turn int) {
	t.Helper()
	s.put(
		backends.Item{ID: "id-0001", Text: fmt.Sprintf("edited in turn %d", turn)},
		backends.Item{ID: fmt.Sprintf("new-%d", turn), Text: fmt.Sprintf("inserted in turn %d", turn)},
	)
	require.NoError(t, s.store.Source("docs").DeleteItems(t.Context(), []string{fmt.Sprintf("id-%04d", 10+turn)}))
}

// later does something in the midst of an activity.
func (s *soaking) later(t *testing.T, d time.Duration, do func()) {
	t.Helper()
	time.AfterFunc(d, do)
}
