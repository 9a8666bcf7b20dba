package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
)

var (
	older = backends.Model{Name: "older", Driver: "hashing", Dimensions: 64, Metric: backends.Cosine, Normalized: true}
	newer = backends.Model{Name: "newer", Driver: "hashing", Dimensions: 96, Metric: backends.Cosine, Normalized: true, PricePerMillionTokens: 10}
)

// memoryStore is package memory as the catalog wants a store.
type memoryStore struct{ *memory.Store }

func (s memoryStore) Source(ns catalog.Namespace) (backends.Source, error) {
	return s.Store.Source(ns.Name), nil
}

func (s memoryStore) Index(ns catalog.Namespace) (backends.Index, error) {
	return s.Store.Index(ns.Name).PublishedAs(ns.Publish), nil
}
func (s memoryStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }

// house is a catalog of one namespace "docs" in memory, with the activities of a
// worker in front of it. What it hands to them goes through faults and embeds.
type house struct {
	t        *testing.T
	store    *memory.Store
	catalog  *catalog.Catalog
	faults   *faulty.Script
	temporal *temporalServer
	observer *observer
	acts     *activities.Activities
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store, err := memory.Open(t.Context(), memory.Config{CopiesPayload: true})
	require.NoError(t, err)
	require.NoError(t, store.Source("docs").PutItems(t.Context(), nil)) // the table is there
	open := func(m backends.Model) (backends.Embedder, error) {
		e, err := hashing.New(m, hashing.Config{})
		return choosy{e}, err
	}
	h := &house{
		t: t, store: store, faults: faulty.New(), temporal: &temporalServer{}, observer: &observer{},
		catalog: &catalog.Catalog{
			File: "reembed.yaml",
			Stores: map[string]catalog.StoreSpec{"main": {Name: "main", Driver: "memory", Open: func(context.Context) (catalog.Store, error) {
				return memoryStore{store}, nil
			}}},
			Embedders:  map[string]catalog.EmbedderSpec{"builtin": {Name: "builtin", Driver: "hashing", Open: open}},
			Models:     map[string]catalog.ModelSpec{"older": {Model: older, Embedder: "builtin"}, "newer": {Model: newer, Embedder: "builtin"}},
			Namespaces: map[string]catalog.Namespace{"docs": {Name: "docs", Store: "main", Model: "older", Writes: catalog.WritesText}},
		},
	}
	world := catalog.NewWorld(h.catalog, catalog.Decorators{
		Source:   func(_ string, s backends.Source) backends.Source { return h.faults.Source(s) },
		Index:    func(_ string, i backends.Index) backends.Index { return h.faults.Index(i) },
		Embedder: func(_ string, e backends.Embedder) backends.Embedder { return h.faults.Embedder(e) },
		Registry: h.faults.Registry,
	})
	h.acts = &activities.Activities{
		World: world, Temporal: h.temporal, Observer: h.observer,
		Settings: activities.Settings{BatchSize: 10, JobTimeout: time.Hour, RangeItems: 50},
	}
	return h
}

// choosy refuses texts with "bad" in them.
type choosy struct{ backends.Embedder }

func (c choosy) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	for _, t := range texts {
		if strings.Contains(t, "bad") {
			return backends.Embedding{}, fmt.Errorf("%w: one of the texts", backends.ErrInvalidInput)
		}
	}
	return c.Embedder.Embed(ctx, p, texts)
}

type observer struct {
	mu    sync.Mutex
	ended []string
	did   activities.Counts
}

func (o *observer) JobEnded(state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = append(o.ended, state)
}

func (o *observer) Synced(c activities.Counts) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.did.Add(c)
}

// fill puts n items into the source.
func (h *house) fill(n int) {
	h.t.Helper()
	items := make([]backends.Item, n)
	for i := range items {
		items[i] = backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: fmt.Sprintf("the text number %d of the corpus", i)}
	}
	h.put(items...)
}

func (h *house) put(items ...backends.Item) {
	h.t.Helper()
	require.NoError(h.t, h.store.Source("docs").PutItems(h.t.Context(), items))
}

// index is the store's own, without faults.
func (h *house) index() backends.Index { return h.store.Index("docs") }

func (h *house) registry() backends.Registry { return h.store.Registry() }

// generation is the model's, which is there.
func (h *house) generation(m backends.Model) backends.Generation {
	h.t.Helper()
	g, err := h.index().Open(h.t.Context(), h.index().Locator(m))
	require.NoError(h.t, err)
	return g
}

// switchedTo points the namespace at a model's generation, right and complete.
func (h *house) switchedTo(m backends.Model) route.Route {
	h.t.Helper()
	ctx := h.t.Context()
	g, err := h.index().Create(ctx, backends.SpecOf(m, h.index().Locator(m)))
	require.NoError(h.t, err)
	e, err := hashing.New(m, hashing.Config{})
	require.NoError(h.t, err)
	page, err := h.store.Source("docs").ReadPage(ctx, backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(h.t, err)
	for _, it := range page.Items {
		got, err := e.Embed(ctx, backends.Document, []string{it.Text})
		require.NoError(h.t, err)
		r := backends.Record{ID: it.ID, Vector: got.Vectors[0], Stamp: backends.NewStamp(it, m.Fingerprint(), true)}
		require.NoError(h.t, g.Upsert(ctx, []backends.Record{r}))
	}
	r, err := route.Swap(ctx, h.registry(), 0, route.Route{
		Namespace: "docs", Generation: 1, Locator: h.index().Locator(m), Model: m.Name,
		Fingerprint: m.Fingerprint(), Dimensions: m.Dimensions, Metric: m.Metric,
	})
	require.NoError(h.t, err)
	return r
}

// job is one that holds the namespace and moves it to the newer model.
func (h *house) job() activities.Job {
	h.t.Helper()
	job := activities.Job{
		ID: "job", Run: "first", Namespace: "docs", To: newer, Fingerprint: newer.Fingerprint(),
		Locator: h.index().Locator(newer), Priority: activities.Medium, BatchSize: 10, MaxFailedItems: 3, Window: 4,
	}
	l, err := records.TakeLease(h.t.Context(), h.registry(), "docs", records.Lease{Job: job.ID, Run: job.Run}, nil)
	require.NoError(h.t, err)
	job.Epoch = l.Epoch
	if r, err := route.Get(h.t.Context(), h.registry(), "docs"); err == nil {
		job.From, job.RouteVersion = r.Model, r.Version
	}
	return job
}

// prepared is a job whose generation is there.
func (h *house) prepared() activities.Job {
	h.t.Helper()
	job := h.job()
	_, err := run[any](h, nil, h.acts.Prepare, job)
	require.NoError(h.t, err)
	return job
}

// stolen takes the namespace away from the job.
func (h *house) stolen() {
	h.t.Helper()
	over := func(context.Context, records.Lease) (bool, error) { return true, nil }
	_, err := records.TakeLease(h.t.Context(), h.registry(), "docs", records.Lease{Job: "thief", Run: "r"}, over)
	require.NoError(h.t, err)
}

// run executes an activity as a worker would; setup, which may be nil, prepares
// the environment.
func run[T any](h *house, setup func(*testsuite.TestActivityEnvironment), activity any, args ...any) (T, error) {
	h.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(h.acts)
	if setup != nil {
		setup(env)
	}
	var out T
	value, err := env.ExecuteActivity(activity, args...)
	if err != nil {
		return out, err
	}
	if value.HasValue() {
		require.NoError(h.t, value.Get(&out))
	}
	return out, nil
}

// requireCode checks an activity's failure: its code, and whether Temporal tries again.
func requireCode(t *testing.T, err error, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, codeOf(err), err.Error())
}

// codeOf is the type of the application error that an activity failed with; ""
// where it failed with another one.
func codeOf(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type()
	}
	return ""
}

// workerOptions make activities run under ctx.
func workerOptions(ctx context.Context) worker.Options {
	return worker.Options{BackgroundActivityContext: ctx}
}
