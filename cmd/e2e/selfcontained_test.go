package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// inside is a self-contained namespace in this process, at a real server: its
// store is memory, so workers, applications and test share it.
type inside struct {
	t      *testing.T
	store  *memory.Store
	client *starter.Client
	faults *faulty.Script // of what the workers ask; applications and tests ask the store itself
}

var (
	insideSmall = backends.Model{Name: "small", Driver: "hashing", Dimensions: 32, Metric: backends.Cosine, Normalized: true}
	insideLarge = backends.Model{Name: "large", Driver: "hashing", Dimensions: 64, Metric: backends.Cosine, Normalized: true}
)

// insideStore is what the catalog opens.
type insideStore struct{ *memory.Store }

func (s insideStore) Source(ns catalog.Namespace) (backends.Source, error) {
	return nil, fmt.Errorf("%w: namespace %s has no source", backends.ErrUnsupported, ns.Name)
}

func (s insideStore) Index(ns catalog.Namespace) (backends.Index, error) {
	return s.Collections(ns.Name), nil
}
func (s insideStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }

func newInside(t *testing.T) *inside {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	store, err := memory.Open(ctx, memory.Config{})
	require.NoError(t, err)
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	temporal, err := server.Dial(client.Options{Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	faults := faulty.New()
	open := func(m backends.Model) (backends.Embedder, error) { return hashing.New(m, hashing.Config{}) }
	world := catalog.NewWorld(&catalog.Catalog{
		File: "reembed.yaml",
		Stores: map[string]catalog.StoreSpec{"main": {Name: "main", Driver: "memory", Open: func(context.Context) (catalog.Store, error) {
			return insideStore{store}, nil
		}}},
		Embedders:  map[string]catalog.EmbedderSpec{"builtin": {Name: "builtin", Driver: "hashing", Open: open}},
		Models:     map[string]catalog.ModelSpec{"small": {Model: insideSmall, Embedder: "builtin"}, "large": {Model: insideLarge, Embedder: "builtin"}},
		Namespaces: map[string]catalog.Namespace{"articles": {Name: "articles", Store: "main", Model: "small", Writes: catalog.WritesText}},
	}, catalog.Decorators{
		Source:   func(_ string, s backends.Source) backends.Source { return faults.Source(s) },
		Index:    func(_ string, i backends.Index) backends.Index { return faults.Index(i) },
		Embedder: func(_ string, e backends.Embedder) backends.Embedder { return faults.Embedder(e) },
		Registry: faults.Registry,
	})
	t.Cleanup(func() { require.NoError(t, world.Close()) })
	a := &activities.Activities{World: world, Temporal: temporal, Settings: activities.Settings{JobTimeout: 5 * time.Minute, RangeItems: 50}}
	jobs := sdk.New(temporal, workflows.TaskQueue, sdk.Options{})
	workflows.RegisterJobs(jobs, a)
	segments := sdk.New(temporal, workflows.SyncTaskQueue, sdk.Options{MaxHeartbeatThrottleInterval: time.Second})
	workflows.RegisterSync(segments, a)
	gate := sdk.New(temporal, workflows.GateTaskQueue, sdk.Options{})
	workflows.RegisterGate(gate, a)
	workers := []sdk.Worker{jobs, segments, gate}
	for _, w := range workers {
		require.NoError(t, w.Start())
	}
	t.Cleanup(func() {
		var all sync.WaitGroup
		for _, w := range workers {
			all.Go(w.Stop)
		}
		all.Wait()
	})
	return &inside{
		t: t, store: store, faults: faults,
		client: starter.New(temporal, starter.Config{Address: server.Address(), Namespace: devserver.Namespace}),
	}
}

// adopt makes an application's collection the active one.
func (h *inside) adopt(name string, m backends.Model) *memory.Writer {
	h.t.Helper()
	app := h.store.MakeCollection(name, m.Dimensions, m.Metric)
	_, err := h.store.Collections("articles").Adopt(h.t.Context(), backends.SpecOf(m, name))
	require.NoError(h.t, err)
	_, err = route.Swap(h.t.Context(), h.store.Registry(), 0, route.Route{
		Namespace: "articles", Generation: 1, Locator: name, Model: m.Name,
		Fingerprint: m.Fingerprint(), Dimensions: m.Dimensions, Metric: m.Metric,
	})
	require.NoError(h.t, err)
	return app
}

// record is what an application writes.
func (h *inside) record(m backends.Model, id, text string) backends.Record {
	h.t.Helper()
	e, err := hashing.New(m, hashing.Config{})
	require.NoError(h.t, err)
	got, err := e.Embed(h.t.Context(), backends.Document, []string{text})
	require.NoError(h.t, err)
	return backends.Record{ID: id, Text: text, Payload: []byte(fmt.Sprintf(`{"of":%q}`, id)), Vector: got.Vectors[0]}
}

// A job on a self-contained namespace: the application's own collection is
// copied, verified and switched away from; what the application reads behind it
// is the new collection, with text, payload and the new model's vector.
func TestSelfContainedNamespace(t *testing.T) {
	t.Parallel()
	h := newInside(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	old := h.adopt("Articles", insideSmall)
	const items = 300
	for i := range items {
		require.NoError(t, old.Upsert(ctx, h.record(insideSmall, fmt.Sprintf("a/%03d", i), fmt.Sprintf("article number %d", i))))
	}
	job, err := h.client.Start(ctx, workflows.Request{Namespace: "articles", To: "large"}, starter.StartOptions{})
	require.NoError(t, err)
	status, err := h.client.Wait(ctx, job)
	require.NoError(t, err)
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.True(t, status.Verification.Clean())
	require.EqualValues(t, items, status.Verification.Items)

	now, err := route.Get(ctx, h.store.Registry(), "articles")
	require.NoError(t, err)
	require.Equal(t, "large", now.Model)
	app, err := h.store.Writer(ctx, now.Locator)
	require.NoError(t, err)
	for i := range items {
		want := h.record(insideLarge, fmt.Sprintf("a/%03d", i), fmt.Sprintf("article number %d", i))
		got, err := app.Fetch(ctx, want.ID)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, want.Text, got[0].Text)
		require.Equal(t, want.Payload, got[0].Payload)
		require.Equal(t, want.Vector, got[0].Vector)
	}
}

// texts are what a collection says, by id.
func (h *inside) texts(locator string) map[string]string {
	h.t.Helper()
	s, err := h.store.Collections("articles").Items(h.t.Context(), locator)
	require.NoError(h.t, err)
	page, err := s.ReadPage(h.t.Context(), backends.Range{}, "", backends.PageLimit{Items: 10_000})
	require.NoError(h.t, err)
	all := map[string]string{}
	for _, it := range page.Items {
		all[it.ID] = it.Text
	}
	return all
}

// everyVectorIs wants each record of a collection to have the model's vector of
// the text that it holds.
func (h *inside) everyVectorIs(locator string, m backends.Model) {
	h.t.Helper()
	w, err := h.store.Writer(h.t.Context(), locator)
	require.NoError(h.t, err)
	for id, text := range h.texts(locator) {
		got, err := w.Fetch(h.t.Context(), id)
		require.NoError(h.t, err)
		require.Len(h.t, got, 1)
		require.Equal(h.t, h.record(m, id, text).Vector, got[0].Vector, id)
	}
}

// Through a soak one writer follows the route, and another still writes the old
// collection: nothing that either wrote last is lost, what both changed is
// listed, and a rollback finds the old collection as the new one is.
func TestSelfContainedSoak(t *testing.T) {
	t.Parallel()
	h := newInside(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	old := h.adopt("Articles", insideSmall)
	put := func(w *memory.Writer, m backends.Model, id, text string) {
		t.Helper()
		require.NoError(t, w.Upsert(ctx, h.record(m, id, text)))
	}
	for i := range 60 {
		put(old, insideSmall, fmt.Sprintf("a/%03d", i), fmt.Sprintf("article number %d", i))
	}
	hour := int64(3600)
	job, err := h.client.Start(ctx, workflows.Request{Namespace: "articles", To: "large", SoakSeconds: &hour}, starter.StartOptions{})
	require.NoError(t, err)
	status, err := h.client.Wait(ctx, job)
	require.NoError(t, err)
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	app, err := h.store.Writer(ctx, status.Route.Locator)
	require.NoError(t, err)

	put(old, insideSmall, "a/001", "changed by who has not read the route")
	put(app, insideLarge, "a/002", "changed by who has")
	put(old, insideSmall, "a/003", "changed here")
	put(app, insideLarge, "a/003", "and there")
	require.NoError(t, old.Delete(ctx, "a/004"))
	require.NoError(t, app.Delete(ctx, "a/005"))
	put(old, insideSmall, "late", "inserted late")
	want := h.texts(status.Route.Locator)
	want["a/001"], want["late"] = "changed by who has not read the route", "inserted late"
	delete(want, "a/004")
	merged := func() bool {
		now := h.texts(status.Route.Locator)
		former := h.texts("Articles")
		former["a/003"] = now["a/003"]
		return maps.Equal(want, now) && maps.Equal(want, former)
	}
	require.Eventually(t, merged, patience, 100*time.Millisecond)
	found, err := records.AllConflicts(ctx, h.store.Registry(), "articles")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "a/003", found[0].ID)
	_, err = h.client.Retire(ctx, "articles", workflows.RetireRequest{})
	require.ErrorContains(t, err, "a/003", "a side of a conflict is not dropped")

	// A zombie, later than any pass that found something, and then the way back.
	put(old, insideSmall, "a/001", "changed again by who has not read the route")
	put(app, insideLarge, "fresh", "inserted by who has read the route")
	later := h.record(insideLarge, "later", "inserted by who has not heard of the rollback")
	written := make(chan error, 1)
	go func() { // one that learns of the rollback a little late
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			now, err := route.Get(ctx, h.store.Registry(), "articles")
			if err != nil || now.Locator == "Articles" {
				written <- errors.Join(err, app.Upsert(ctx, later))
				return
			}
		}
	}()
	soak, err := h.client.Rollback(ctx, "articles", workflows.RollbackRequest{}, true)
	require.NoError(t, err)
	require.NoError(t, <-written)
	require.Equal(t, workflows.SoakReversed, soak.Phase)
	now, err := route.Get(ctx, h.store.Registry(), "articles")
	require.NoError(t, err)
	require.Equal(t, "Articles", now.Locator)
	want["a/001"], want["fresh"] = "changed again by who has not read the route", "inserted by who has read the route"
	want["later"] = later.Text
	require.True(t, merged(), "%v", h.texts("Articles"))
	require.Equal(t, "changed here", h.texts("Articles")["a/003"])
	h.everyVectorIs("Articles", insideSmall)
	h.everyVectorIs(status.Route.Locator, insideLarge)
}
