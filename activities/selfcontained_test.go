package activities_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

// insideStore is package memory, with namespaces that are self-contained.
type insideStore struct{ *memory.Store }

func (s insideStore) Source(ns catalog.Namespace) (backends.Source, error) {
	return nil, fmt.Errorf("%w: namespace %s has no source", backends.ErrUnsupported, ns.Name)
}

func (s insideStore) Index(ns catalog.Namespace) (backends.Index, error) {
	return s.Collections(ns.Name), nil
}
func (s insideStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }

// inside is a house whose namespace is self-contained, with an active collection
// of the older model that an application filled.
type inside struct {
	*house
	older, newer *memory.Writer // the second one once there is such a collection
}

func newInside(t *testing.T, items int) *inside {
	t.Helper()
	h := &inside{house: newHouse(t)}
	spec := h.catalog.Stores["main"]
	spec.Open = func(context.Context) (catalog.Store, error) { return insideStore{h.store}, nil }
	h.catalog.Stores["main"] = spec
	h.older = h.store.MakeCollection("articles", older.Dimensions, older.Metric)
	for i := range items {
		h.write(h.older, older, fmt.Sprintf("id-%04d", i), fmt.Sprintf("the text number %d of the corpus", i))
	}
	adopted, err := h.store.Collections("docs").Adopt(t.Context(), backends.SpecOf(older, "articles"))
	require.NoError(t, err)
	_, err = route.Swap(t.Context(), h.registry(), 0, route.Route{
		Namespace: "docs", Generation: 1, Locator: adopted.Spec().Locator, Model: older.Name,
		Fingerprint: older.Fingerprint(), Dimensions: older.Dimensions, Metric: older.Metric,
	})
	require.NoError(t, err)
	return h
}

// write is an application's.
func (h *inside) write(w *memory.Writer, m backends.Model, id, text string) {
	h.t.Helper()
	e, err := hashing.New(m, hashing.Config{})
	require.NoError(h.t, err)
	got, err := e.Embed(h.t.Context(), backends.Document, []string{text})
	require.NoError(h.t, err)
	require.NoError(h.t, w.Upsert(h.t.Context(), backends.Record{ID: id, Text: text, Payload: []byte(`{"n":1}`), Vector: got.Vectors[0]}))
}

// job is resolved, holds the namespace and has its collection.
func (h *inside) job() activities.Job {
	h.t.Helper()
	job, err := run[activities.Job](h.house, nil, h.acts.Resolve, []byte(`{"namespace":"docs","to":"newer"}`))
	require.NoError(h.t, err)
	job.ID, job.Run = "job", "first"
	l, err := records.TakeLease(h.t.Context(), h.registry(), "docs", records.Lease{Job: job.ID, Run: job.Run}, nil)
	require.NoError(h.t, err)
	job.Epoch = l.Epoch
	_, err = run[any](h.house, nil, h.acts.Prepare, job)
	require.NoError(h.t, err)
	h.newer, err = h.store.Writer(h.t.Context(), job.Locator)
	require.NoError(h.t, err)
	return job
}

func (h *inside) do(task activities.Task, job activities.Job) activities.SegmentResult {
	h.t.Helper()
	activity := any(h.acts.SyncSegment)
	if task == activities.VerifyForward || task == activities.VerifyBackward {
		activity = h.acts.VerifySegment
	}
	res, err := run[activities.SegmentResult](h.house, nil, activity, activities.SegmentRequest{Job: job, Task: task})
	require.NoError(h.t, err)
	require.True(h.t, res.Done)
	return res
}

func (h *inside) switched(job activities.Job) {
	h.t.Helper()
	for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward} {
		h.do(task, job)
	}
	_, err := run[activities.Switched](h.house, nil, h.acts.Switch, job)
	require.NoError(h.t, err)
}

func (h *inside) text(w *memory.Writer, id string) string {
	h.t.Helper()
	found, err := w.Fetch(h.t.Context(), id)
	require.NoError(h.t, err)
	if len(found) == 0 {
		return ""
	}
	return found[0].Text
}

// A job reads the collection that was active when it was planned.
func TestResolveBindsTheActiveCollection(t *testing.T) {
	t.Parallel()
	h := newInside(t, 3)
	job := h.job()
	require.Equal(t, "articles", job.Source)
	require.Equal(t, "docs@"+newer.Fingerprint(), job.Locator)
	h.switched(job)
	next, err := run[activities.Job](h.house, nil, h.acts.Resolve, []byte(`{"namespace":"docs","to":"older"}`))
	require.NoError(t, err)
	require.Equal(t, job.Locator, next.Source)
	require.EqualValues(t, 3, h.do(activities.SyncForward, job).Counts.Current, "it goes on from what it was bound to")

	derived := newHouse(t)
	derived.fill(1)
	job, err = run[activities.Job](derived, nil, derived.acts.Resolve, []byte(`{"namespace":"docs","to":"newer"}`))
	require.NoError(t, err)
	require.Empty(t, job.Source)
}

func TestResolveNeedsAnActiveCollection(t *testing.T) {
	t.Parallel()
	h := newInside(t, 0)
	now, err := route.Get(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.NoError(t, h.registry().Delete(t.Context(), route.Kind, "docs", now.Version))
	_, err = run[activities.Job](h.house, nil, h.acts.Resolve, []byte(`{"namespace":"docs","to":"newer"}`))
	requireCode(t, err, activities.CodeInvalidRequest)
	require.ErrorContains(t, err, "no active collection yet")
}

// The copy carries text, payload and vector, and verification reads all three.
func TestSelfContainedCopy(t *testing.T) {
	t.Parallel()
	h := newInside(t, 25)
	job := h.job()
	plan, err := run[activities.Plan](h.house, nil, h.acts.Plan, job)
	require.NoError(t, err)
	require.Empty(t, plan.Blockers)
	require.Empty(t, plan.Warnings, "an application's own records carry no stamp, and are checked by their texts")
	require.Contains(t, fmt.Sprint(plan.Notes), "self-contained: items are read from articles")

	require.EqualValues(t, 25, h.do(activities.SyncForward, job).Counts.Written)
	require.EqualValues(t, 25, h.do(activities.SyncForward, job).Counts.Current)
	records, err := h.newer.Fetch(t.Context(), "id-0007")
	require.NoError(t, err)
	require.Equal(t, "the text number 7 of the corpus", records[0].Text)
	require.Equal(t, `{"n":1}`, string(records[0].Payload))
	require.Len(t, records[0].Vector, newer.Dimensions)
	for _, task := range []activities.Task{activities.VerifyForward, activities.VerifyBackward} {
		require.True(t, h.do(task, job).Report.Clean(), task)
	}
	_, err = run[activities.Verification](h.house, nil, h.acts.VerifySamples, job)
	require.NoError(t, err)

	require.NoError(t, h.older.Delete(t.Context(), "id-0001"))
	require.NoError(t, h.newer.Patch(t.Context(), "id-0002", func(r *backends.Record) { r.Text = "damaged" }))
	require.NoError(t, h.newer.Patch(t.Context(), "id-0003", func(r *backends.Record) { r.Payload = nil }))
	found := h.do(activities.VerifyForward, job).Report
	found.Merge(*h.do(activities.VerifyBackward, job).Report)
	require.Positive(t, found.Counts["extra"])
	require.EqualValues(t, 1, found.Counts["foreign"], "a text that the stamp does not fit: then it is none")
	require.Positive(t, found.Counts["payload"])
	require.EqualValues(t, 1, h.do(activities.SyncForward, job).Counts.Written)
	require.EqualValues(t, 1, h.do(activities.SyncBackward, job).Counts.Deleted)
}

// Behind the switch what a late writer does is merged, both ways.
func TestMergeActivity(t *testing.T) {
	t.Parallel()
	h := newInside(t, 10)
	job := h.job()
	h.switched(job)
	back := job.Mirror(older, older.Fingerprint())
	require.Equal(t, job.Locator, back.Source)
	require.Equal(t, job.Source, back.Locator)

	h.write(h.older, older, "late", "written by who has not read the route")
	h.write(h.newer, newer, "fresh", "written by who has")
	h.write(h.older, older, "id-0001", "changed late")
	h.write(h.newer, newer, "id-0001", "changed")
	require.NoError(t, h.older.Delete(t.Context(), "id-0002"))
	require.NoError(t, h.newer.Delete(t.Context(), "id-0003"))
	merge := func() (did activities.Counts) {
		did.Add(h.do(activities.Merge, job).Counts)
		did.Add(h.do(activities.Merge, back).Counts)
		return did
	}
	did := merge()
	require.EqualValues(t, 2, did.Deleted)
	require.Equal(t, "written by who has not read the route", h.text(h.newer, "late"))
	require.Equal(t, "written by who has", h.text(h.older, "fresh"))
	require.Empty(t, h.text(h.newer, "id-0002"))
	require.Empty(t, h.text(h.older, "id-0003"))

	all, err := records.AllConflicts(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "id-0001", all[0].ID)
	require.Equal(t, job.Locator, all[0].Active.Locator)
	require.Equal(t, backends.ContentHash("changed"), all[0].Active.Content)
	require.Equal(t, "articles", all[0].Former.Locator)
	require.Equal(t, backends.ContentHash("changed late"), all[0].Former.Content)
	merge()
	again, err := records.AllConflicts(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Equal(t, all, again, "found again, it is the same one, since the same time")

	require.NoError(t, h.older.Delete(t.Context(), "id-0001"))
	require.NoError(t, h.newer.Delete(t.Context(), "id-0001"))
	require.Zero(t, merge().Dirty())
	all, err = records.AllConflicts(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	require.Empty(t, all, "gone from both, nothing is left of it")

	h.stolen()
	_, err = run[any](h.house, nil, h.acts.SyncSegment, activities.SegmentRequest{Job: job, Task: activities.Merge})
	requireCode(t, err, activities.CodeLeaseLost)
}

func TestMergeOfADerivedNamespace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1)
	_, err := run[any](h, nil, h.acts.SyncSegment, activities.SegmentRequest{Job: h.prepared(), Task: activities.Merge})
	requireCode(t, err, activities.CodeInvalidRequest)
}

// A person ends a conflict, unless the item moved on.
func TestKeep(t *testing.T) {
	t.Parallel()
	h := newInside(t, 3)
	job := h.job()
	h.switched(job)
	h.write(h.older, older, "id-0001", "changed late")
	h.write(h.newer, newer, "id-0001", "changed")
	h.do(activities.Merge, job)
	c, err := records.GetConflict(t.Context(), h.registry(), "docs", "id-0001")
	require.NoError(t, err)

	x := h.store.Collections("docs")
	m := reconcile.Merge{}
	m.From, err = x.Open(t.Context(), c.Former.Locator)
	require.NoError(t, err)
	m.To, err = x.Open(t.Context(), c.Active.Locator)
	require.NoError(t, err)
	m.Items, err = x.Items(t.Context(), c.Former.Locator)
	require.NoError(t, err)
	m.Embedder, err = hashing.New(newer, hashing.Config{})
	require.NoError(t, err)
	found := reconcile.Conflict{ID: c.ID, From: c.Former.Version, To: c.Active.Version}

	h.write(h.newer, newer, "id-0001", "changed once more")
	require.ErrorIs(t, reconcile.Keep(t.Context(), m, found, reconcile.Options{}), backends.ErrConflict)
	require.Equal(t, "changed once more", h.text(h.newer, "id-0001"))
	h.write(h.newer, newer, "id-0001", "changed")
	require.NoError(t, reconcile.Keep(t.Context(), m, found, reconcile.Options{}))
	require.Equal(t, "changed late", h.text(h.newer, "id-0001"))
	h.do(activities.Merge, job)
	_, err = records.GetConflict(t.Context(), h.registry(), "docs", "id-0001")
	require.ErrorIs(t, err, backends.ErrNotFound, "a pass sees that both agree")
}

// soaking is a namespace behind its switch, with the keepers' jobs of both ways.
func (h *inside) soaking() (active, standby activities.Job) {
	h.t.Helper()
	job := h.job()
	job.SoakSeconds = 3600
	for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward} {
		h.do(task, job)
	}
	plan, err := run[activities.SoakPlan](h.house, nil, h.acts.ArmSoak, job)
	require.NoError(h.t, err)
	_, err = run[activities.Switched](h.house, nil, h.acts.Switch, job)
	require.NoError(h.t, err)
	plan.Active.Epoch, plan.Standby.Epoch = job.Epoch, job.Epoch
	return plan.Active, plan.Standby
}

// looked verifies a generation both ways.
func (h *inside) looked(job activities.Job) *activities.Verification {
	h.t.Helper()
	found := h.do(activities.VerifyForward, job).Report
	found.Merge(*h.do(activities.VerifyBackward, job).Report)
	return found
}

// TestVerificationBehindAMerge guards the way back: what applications changed in
// the former collection themselves does not stand against it, and what a merge has
// missed there does.
func TestVerificationBehindAMerge(t *testing.T) {
	t.Parallel()
	h := newInside(t, 12)
	active, standby := h.soaking()
	require.Equal(t, "articles", standby.Locator)
	require.Equal(t, active.Locator, standby.Source)
	require.Positive(t, h.looked(standby).Wrong(), "the application's own records carry no stamp: they are not made again yet")
	h.do(activities.Merge, active)
	h.do(activities.Merge, standby)
	require.Zero(t, h.looked(standby).Wrong())

	h.write(h.older, older, "late", "only here")
	h.write(h.older, older, "id-0001", "changed late")
	h.write(h.older, older, "id-0002", "changed late")
	h.write(h.newer, newer, "id-0002", "changed")
	require.NoError(t, h.older.Delete(t.Context(), "id-0003"))
	require.Zero(t, h.looked(standby).Wrong(), "stragglers, a conflict, and a deletion that is not carried yet")

	h.write(h.newer, newer, "id-0004", "changed")
	h.write(h.newer, newer, "fresh", "inserted")
	require.NoError(t, h.newer.Delete(t.Context(), "id-0005"))
	require.NoError(t, h.older.Patch(t.Context(), "id-0006", func(r *backends.Record) { r.Vector = make([]float32, older.Dimensions) }))
	found := h.looked(standby)
	require.EqualValues(t, 1, found.Counts["stale"], "%v", found.Findings)
	require.EqualValues(t, 1, found.Counts["missing"])
	require.EqualValues(t, 1, found.Counts["extra"])
	require.EqualValues(t, 1, found.Counts["vector"], "a vector that fits nothing counts whoever wrote it")
}

// An item that the former model refuses keeps its former record: set aside, and
// to be waived, it is no finding.
func TestRefusedBehindAMerge(t *testing.T) {
	t.Parallel()
	h := newInside(t, 3)
	active, standby := h.soaking()
	h.do(activities.Merge, active)
	h.do(activities.Merge, standby)
	h.write(h.newer, newer, "id-0001", "a bad text")
	require.EqualValues(t, 1, h.do(activities.Merge, standby).Counts.Quarantined)
	require.Equal(t, "the text number 1 of the corpus", h.text(h.older, "id-0001"))
	require.Zero(t, h.looked(standby).Wrong())
	now, err := route.Get(t.Context(), h.registry(), "docs")
	require.NoError(t, err)
	standby.RouteVersion = now.Version
	_, err = run[any](h.house, nil, h.acts.CheckSwitch, standby)
	requireCode(t, err, activities.CodeQuarantine)
	standby.Waive = []string{"id-0001"}
	_, err = run[any](h.house, nil, h.acts.CheckSwitch, standby)
	require.NoError(t, err)
}
