package activities_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/hooks"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/route"
)

// listener is a hook that answers as it is told.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heard  []hooks.Message
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{status: http.StatusOK}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var m hooks.Message
		l.mu.Lock()
		defer l.mu.Unlock()
		if json.Unmarshal(raw, &m) == nil {
			l.heard = append(l.heard, m)
		}
		w.WriteHeader(l.status)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) hook() *catalog.Hook {
	return &catalog.Hook{URL: l.URL, Headers: map[string]string{"X-Key": "s3cret"}, Timeout: 2 * time.Second}
}

// hooked sets the namespace's hooks.
func (h *house) hooked(set func(*catalog.Namespace)) {
	ns := h.catalog.Namespaces["docs"]
	set(&ns)
	h.catalog.Namespaces["docs"] = ns
}

func TestVetoHookIsAskedLast(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	l := newListener(t)
	h.hooked(func(ns *catalog.Namespace) { ns.Hooks.Veto = l.hook() })
	h.fill(3)
	former := h.switchedTo(older)
	job := h.prepared()
	h.faults.Add(faulty.Fault{Role: "embedder", Err: backends.ErrUnavailable}) // the canaries can't be compared
	_, err := run[any](h, nil, h.acts.CheckSwitch, job)
	requireCode(t, err, activities.CodeUnavailable)
	require.Empty(t, l.heard, "nobody is asked about a switch that can't be")

	h.faults.Clear()
	_, err = run[any](h, nil, h.acts.CheckSwitch, job)
	require.NoError(t, err)
	require.Equal(t, []hooks.Message{{
		Hook: hooks.Veto, Delivery: "first/veto", Job: "job", Namespace: "docs", From: "older", To: "newer",
		Locator: job.Locator, Route: &former,
	}}, l.heard)

	l.status = http.StatusConflict
	_, err = run[any](h, nil, h.acts.CheckSwitch, job)
	requireCode(t, err, activities.CodeVetoed)
	require.ErrorContains(t, err, "vetoed: the veto hook says: 127.0.0.1")
	require.ErrorContains(t, err, "answers 409 Conflict")
}

// A hook that can't be asked has not allowed anything; nothing is shown of what
// its headers hold.
func TestVetoHookThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	job := h.prepared()
	h.hooked(func(ns *catalog.Namespace) {
		ns.Hooks.Veto = &catalog.Hook{Command: []string{"./s3cret-and-gone"}, Headers: map[string]string{"X-Key": "s3cret"}, Timeout: time.Second}
	})
	_, err := run[any](h, nil, h.acts.CheckSwitch, job)
	requireCode(t, err, activities.CodeVetoed)
	require.ErrorContains(t, err, "the veto hook can't be asked: run ${X-Key}-and-gone")
	require.NotContains(t, err.Error(), "s3cret")
}

// A job that re-embeds what is active switches nothing that could be vetoed.
func TestNoVetoOfWhatIsActive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	l := newListener(t)
	l.status = http.StatusConflict
	h.hooked(func(ns *catalog.Namespace) { ns.Hooks.Veto = l.hook() })
	h.fill(3)
	h.switchedTo(newer)
	_, err := run[any](h, nil, h.acts.CheckSwitch, h.prepared())
	require.NoError(t, err)
	require.Empty(t, l.heard)
}

func TestPostHook(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	l := newListener(t)
	h.hooked(func(ns *catalog.Namespace) { ns.Hooks.Post = l.hook() })
	former := route.Route{Namespace: "docs", Locator: "docs@older", Model: "older", Version: 3}
	now := route.Route{Namespace: "docs", Locator: "docs@newer", Model: "newer", Version: 4}
	told := activities.PostHookRequest{
		Job:   activities.Job{ID: "job", Run: "first", Namespace: "docs", From: "older", To: newer, Locator: "docs@newer"},
		Route: now, Former: &former,
	}
	for range 2 {
		_, err := run[any](h, nil, h.acts.PostHook, told)
		require.NoError(t, err)
	}
	require.Len(t, l.heard, 2)
	require.Equal(t, hooks.Message{
		Hook: hooks.Post, Delivery: "first/post", Job: "job", Namespace: "docs", From: "older", To: "newer",
		Locator: "docs@newer", Route: &now, Former: &former,
	}, l.heard[0])
	require.Equal(t, l.heard[0], l.heard[1], "the same delivery")

	l.status = http.StatusBadGateway
	_, err := run[any](h, nil, h.acts.PostHook, told)
	requireCode(t, err, activities.CodeUnavailable)
	require.ErrorContains(t, err, "answers 502 Bad Gateway")

	h.hooked(func(ns *catalog.Namespace) { ns.Hooks.Post = nil })
	_, err = run[any](h, nil, h.acts.PostHook, told)
	require.NoError(t, err, "it was taken out of the catalog")
	told.Job.Namespace = "elsewhere"
	_, err = run[any](h, nil, h.acts.PostHook, told)
	requireCode(t, err, activities.CodeCatalogMismatch)
}

// The name shows what the route says, whoever set it last, and however often it
// is asked for.
func TestPublish(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	_, err := run[any](h, nil, h.acts.Publish, "docs")
	require.NoError(t, err, "the catalog names nothing")
	h.hooked(func(ns *catalog.Namespace) { ns.Publish = "active" })
	_, err = run[any](h, nil, h.acts.Publish, "docs")
	requireCode(t, err, activities.CodeNotFound)

	before := h.switchedTo(older)
	job := h.prepared()
	name := h.store.Index("docs").PublishedAs("active")
	for _, locator := range []string{before.Locator, job.Locator, job.Locator} {
		if locator == job.Locator {
			_, err := h.switchRoute(nil, job)
			require.NoError(t, err)
		}
		_, err := run[any](h, nil, h.acts.Publish, "docs")
		require.NoError(t, err)
		shown, err := name.Published(t.Context())
		require.NoError(t, err)
		require.Equal(t, locator, shown)
	}
	h.hooked(func(ns *catalog.Namespace) { ns.Publish = "docs" }) // the items' own table
	_, err = run[any](h, nil, h.acts.Publish, "docs")
	requireCode(t, err, activities.CodeConflict)
	_, err = run[any](h, nil, h.acts.Publish, "elsewhere")
	requireCode(t, err, activities.CodeCatalogMismatch)
}
