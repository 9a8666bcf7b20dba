package inventory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/inventory"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

func model(name string) backends.Model {
	return backends.Model{Name: name, Driver: "hashing", Dimensions: 8, Metric: backends.Cosine}
}

// yard is a namespace "docs" in memory.
type yard struct {
	t     *testing.T
	store *memory.Store
	place inventory.Place
	// living: nobody, unless a test says so.
	living inventory.Living
}

func newYard(t *testing.T) *yard {
	t.Helper()
	s, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	y := &yard{t: t, store: s, place: inventory.Place{
		Namespace: "docs", Source: s.Source("docs"), Index: s.Index("docs"), Registry: s.Registry(),
		Elsewhere: []backends.GenerationSpec{},
	}}
	y.living.Over = func(context.Context, records.Lease) (bool, error) { return true, nil }
	require.NoError(t, s.Source("docs").PutItems(t.Context(), []backends.Item{{ID: "a", Text: "one"}}))
	return y
}

func (y *yard) locator(m string) string { return y.place.Index.Locator(model(m)) }

// make makes the model's generation.
func (y *yard) make(m string) {
	y.t.Helper()
	_, err := y.place.Index.Create(y.t.Context(), backends.SpecOf(model(m), y.locator(m)))
	require.NoError(y.t, err)
}

func (y *yard) route(m string) {
	y.t.Helper()
	version := int64(0)
	if now, err := route.Get(y.t.Context(), y.place.Registry, "docs"); err == nil {
		version = now.Version
	}
	_, err := route.Swap(y.t.Context(), y.place.Registry, version, route.Route{
		Namespace: "docs", Generation: version + 1, Locator: y.locator(m), Model: m, Fingerprint: model(m).Fingerprint(), Dimensions: 8, Metric: backends.Cosine,
	})
	require.NoError(y.t, err)
}

// lease has a job hold the namespace.
func (y *yard) lease(l records.Lease) records.Lease {
	y.t.Helper()
	l, err := records.TakeLease(y.t.Context(), y.place.Registry, "docs", l, y.living.Over)
	require.NoError(y.t, err)
	return l
}

func (y *yard) runs() {
	y.living.Over = func(context.Context, records.Lease) (bool, error) { return false, nil }
}

// roles is whose each generation is, by its model.
func (y *yard) roles() map[string]string {
	y.t.Helper()
	all, err := y.place.Generations(y.t.Context(), y.living)
	require.NoError(y.t, err)
	roles := map[string]string{}
	for _, g := range all {
		roles[g.Model] = string(g.Role)
		if g.Owner != "" {
			roles[g.Model] += " of " + g.Owner
		}
	}
	return roles
}

// found names what nobody owns.
func (y *yard) found() []string {
	y.t.Helper()
	all, err := y.place.Findings(y.t.Context(), y.living)
	require.NoError(y.t, err)
	names := []string{}
	for _, f := range all {
		name := string(f.Kind) + " " + f.Name
		if f.Stranger {
			name += "?"
		}
		names = append(names, name)
	}
	return names
}

func TestRoles(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for _, m := range []string{"first", "second", "third", "fourth", "fifth"} {
		y.make(m)
	}
	y.place.Begins = y.locator("first")
	require.Equal(t, "beginning", y.roles()["first"], "there is no route yet")
	y.route("second")
	require.Equal(t, map[string]string{"first": "nobody's", "second": "active", "third": "nobody's", "fourth": "nobody's", "fifth": "nobody's"}, y.roles())

	// A soak keeps the former one; the lease's holder and who waits make others.
	require.NoError(t, records.PutSoak(t.Context(), y.place.Registry, records.Soak{
		Namespace: "docs", Workflow: "soak", Job: "before",
		Active: records.Place{Locator: y.locator("second")}, Standby: records.Place{Locator: y.locator("third")},
	}))
	y.lease(records.Lease{Job: "j1", Run: "r", Locator: y.locator("fourth")})
	y.runs()
	y.living.Claims = []inventory.Claim{{Job: "j2", Locator: y.locator("fifth")}, {Job: "j3", Locator: y.locator("second")}}
	require.Equal(t, map[string]string{
		"first": "nobody's", "second": "active", "third": "standby of soak", "fourth": "in work of j1", "fifth": "in work of j2",
	}, y.roles())

	// A holder that is over makes nothing any more.
	y.living.Over = func(context.Context, records.Lease) (bool, error) { return true, nil }
	require.Equal(t, "nobody's", y.roles()["fourth"])
}

// Between arming and switching the soak's pair is the other way round.
func TestRolesWhileASoakIsArmed(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.make("old")
	y.make("new")
	y.route("old")
	require.NoError(t, records.PutSoak(t.Context(), y.place.Registry, records.Soak{
		Namespace: "docs", Workflow: "soak", Job: "job",
		Active: records.Place{Locator: y.locator("new")}, Standby: records.Place{Locator: y.locator("old")},
	}))
	require.Equal(t, map[string]string{"old": "active", "new": "in work of job"}, y.roles())
}

func TestFindings(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	capture, ok := backends.As[backends.Capture](y.place.Source)
	require.True(t, ok)
	y.make("active")
	y.make("left")
	y.route("active")
	y.place.Known = []string{y.locator("active"), y.locator("left"), y.locator("dropped")}
	y.place.Elsewhere = []backends.GenerationSpec{{Locator: "others@x", Fingerprint: "kept-elsewhere"}}
	for _, consumer := range []string{y.locator("active"), y.locator("dropped"), "others@x", "who@knows"} {
		require.NoError(t, capture.Subscribe(ctx, consumer))
	}
	gone := model("dropped")
	for _, fingerprint := range []string{gone.Fingerprint(), model("active").Fingerprint()} {
		require.NoError(t, records.PutQuarantined(ctx, y.place.Registry, "docs", fingerprint, records.Quarantined{ID: "a"}))
	}
	require.NoError(t, records.PutQuarantined(ctx, y.place.Registry, "another namespace", "00", records.Quarantined{ID: "a"}))
	for _, fingerprint := range []string{"kept-elsewhere", gone.Fingerprint(), model("left").Fingerprint()} {
		_, err := y.place.Registry.Put(ctx, "canary", fingerprint+"/x", 0, []byte("{}"))
		require.NoError(t, err)
	}
	require.ElementsMatch(t, []string{
		"generation " + y.locator("left"),
		"consumer " + y.locator("active"), "consumer " + y.locator("dropped"), "consumer who@knows?",
		"quarantine " + gone.Fingerprint(),
		"canaries " + gone.Fingerprint(), "canaries " + model("left").Fingerprint(),
	}, y.found())

	// A soak takes the changes of both, a job those of what it makes.
	require.NoError(t, records.PutSoak(ctx, y.place.Registry, records.Soak{
		Namespace: "docs", Active: records.Place{Locator: y.locator("active")}, Standby: records.Place{Locator: y.locator("left")},
	}))
	require.NotContains(t, y.found(), "consumer "+y.locator("active"))
	require.NotContains(t, y.found(), "generation "+y.locator("left"))

	// What other namespaces have is not known: canaries are not judged.
	y.place.Elsewhere = nil
	for _, f := range y.found() {
		require.NotContains(t, f, "canaries")
	}
}

// drop drops what is found of that name.
func (y *yard) drop(name string) error {
	y.t.Helper()
	all, err := y.place.Findings(y.t.Context(), y.living)
	require.NoError(y.t, err)
	for _, f := range all {
		if f.Name == name {
			return y.place.Drop(y.t.Context(), f, y.living)
		}
	}
	return errors.New("not found")
}

func TestDrop(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.make("active")
	y.make("left")
	y.route("active")
	capture, _ := backends.As[backends.Capture](y.place.Source)
	require.NoError(t, capture.Subscribe(ctx, "who@knows"))
	require.NoError(t, records.PutQuarantined(ctx, y.place.Registry, "docs", "f", records.Quarantined{ID: "a"}))
	require.NoError(t, records.PutWaiver(ctx, y.place.Registry, "docs", "f", records.Waiver{ID: "a"}))
	_, err := y.place.Registry.Put(ctx, "canary", "g/x", 0, []byte("{}"))
	require.NoError(t, err)
	for _, name := range []string{y.locator("left"), "who@knows", "f", "g"} {
		require.NoError(t, y.drop(name), name)
	}
	require.Empty(t, y.found())
	require.Equal(t, map[string]string{"active": "active"}, y.roles())
	_, err = records.GetLease(ctx, y.place.Registry, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound, "the namespace was given back")
}

// What was found has an owner by now: a job began in between, a route was moved
// to it, or it is gone.
func TestDropLooksAgain(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(y *yard){
		"a job holds the namespace": func(y *yard) { y.lease(records.Lease{Job: "j", Run: "r"}); y.runs() },
		"a job waits for it":        func(y *yard) { y.living.Claims = []inventory.Claim{{Job: "j", Locator: y.locator("left")}} },
		"the route points at it":    func(y *yard) { y.route("left") },
		"a soak keeps it": func(y *yard) {
			require.NoError(y.t, records.PutSoak(y.t.Context(), y.place.Registry, records.Soak{
				Namespace: "docs", Active: records.Place{Locator: y.locator("active")}, Standby: records.Place{Locator: y.locator("left")},
			}))
		},
		"it is gone": func(y *yard) { require.NoError(y.t, y.place.Index.Drop(y.t.Context(), y.locator("left"))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			y.make("active")
			y.make("left")
			y.route("active")
			all, err := y.place.Findings(t.Context(), y.living)
			require.NoError(t, err)
			require.Len(t, all, 1)
			meanwhile(y)
			before, err := y.place.Index.Generations(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, y.place.Drop(t.Context(), all[0], y.living), backends.ErrConflict)
			after, err := y.place.Index.Generations(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
}

// A job that takes the lease while the drop is about to begin keeps its shadow.
func TestDropIsFenced(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.make("active")
	y.make("left")
	y.route("active")
	all, err := y.place.Findings(t.Context(), y.living)
	require.NoError(t, err)
	over := func(context.Context, records.Lease) (bool, error) { return true, nil }
	s := faulty.New(faulty.Fault{Role: "index", Operation: "Generations", Do: func(ctx context.Context, _ faulty.Call) error {
		_, err := records.TakeLease(ctx, y.store.Registry(), "docs", records.Lease{Job: "j", Run: "r"}, over)
		return err
	}})
	y.place.Index = s.Index(y.place.Index)
	require.ErrorIs(t, y.place.Drop(t.Context(), all[0], y.living), backends.ErrConflict)
	_, err = y.store.Index("docs").Open(t.Context(), y.locator("left"))
	require.NoError(t, err)
	l, err := records.GetLease(t.Context(), y.store.Registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, "j", l.Job, "the job's lease is left alone")
}

// Who takes the lease behind a drop has to know that the job before ended without
// giving it back: what that one had begun to write may still land.
func TestDropHandsOnThatTheLeaseWasSeized(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.make("active")
	y.make("left")
	y.route("active")
	y.lease(records.Lease{Job: "terminated", Run: "r"})
	require.NoError(t, y.drop(y.locator("left")))
	next := y.lease(records.Lease{Job: "next", Run: "r"})
	require.True(t, next.Seized)

	y.make("left")
	require.NoError(t, records.GiveBackLease(t.Context(), y.place.Registry, "docs", next.Epoch))
	require.NoError(t, y.drop(y.locator("left")))
	require.False(t, y.lease(records.Lease{Job: "another", Run: "r"}).Seized)
}

// The lease tells for how long at most it is held: a job can't ask who holds it.
func TestDropHoldsTheLeaseForABoundedTime(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.make("active")
	y.make("left")
	y.route("active")
	var held records.Lease
	var until time.Time
	s := faulty.New(faulty.Fault{Role: "index", Operation: "Drop", Do: func(ctx context.Context, _ faulty.Call) (err error) {
		until, _ = ctx.Deadline()
		held, err = records.GetLease(ctx, y.store.Registry(), "docs")
		return err
	}})
	y.place.Index = s.Index(y.place.Index)
	begun := time.Now()
	require.NoError(t, y.drop(y.locator("left")))
	require.Equal(t, inventory.Holder, held.Job)
	require.Equal(t, inventory.Hold, held.Hold)
	require.True(t, until.After(begun))
	require.Less(t, until.Sub(begun), inventory.Hold)
}

func TestEachFailureIsTold(t *testing.T) {
	t.Parallel()
	recorded := faulty.New()
	run := func(s *faulty.Script) error {
		y := newYard(t)
		y.make("active")
		y.make("left")
		y.route("active")
		y.place.Source, y.place.Index, y.place.Registry = s.Source(y.place.Source), s.Index(y.place.Index), s.Registry(y.place.Registry)
		all, err := y.place.Findings(t.Context(), y.living)
		if err != nil {
			return err
		}
		return y.place.Drop(t.Context(), all[0], y.living)
	}
	require.NoError(t, run(recorded))
	calls := map[string]int{}
	for _, c := range recorded.Calls() {
		calls[c.Role+"."+c.Operation]++
		nth := calls[c.Role+"."+c.Operation]
		s := faulty.New(faulty.Fault{Role: c.Role, Operation: c.Operation, Nth: nth, Err: backends.ErrUnavailable})
		require.ErrorIs(t, run(s), backends.ErrUnavailable, "%s.%s/%d", c.Role, c.Operation, nth)
		require.Equal(t, 1, s.Struck())
	}
}
