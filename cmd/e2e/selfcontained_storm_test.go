package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// insideStorm is an application that writes and searches a self-contained
// namespace while it is moved, and calls of its workers fail.
type insideStorm struct {
	*inside
	anchors int // items that stay: what searches ask for

	mu    sync.Mutex
	last  map[string]string // id -> what was last written under it
	rests sync.RWMutex      // held for reading by who writes
}

var insideModels = map[string]backends.Model{"small": insideSmall, "large": insideLarge}

// vector embeds as an application does.
func vector(ctx context.Context, m backends.Model, p backends.Purpose, text string) ([]float32, error) {
	e, err := hashing.New(m, hashing.Config{})
	if err != nil {
		return nil, err
	}
	got, err := e.Embed(ctx, p, []string{text})
	if err != nil {
		return nil, err
	}
	return got.Vectors[0], nil
}

func (s *insideStorm) routeNow(ctx context.Context) (route.Route, error) {
	return route.Get(ctx, s.store.Registry(), "articles")
}

// write follows the route, but for as long as it keeps an answer: then it writes
// the other collection. Each writer has items of its own.
func (s *insideStorm) write(ctx context.Context, name string, keeps time.Duration, random *rand.Rand) error {
	var known route.Route
	var until time.Time
	tick := time.NewTicker(300 * time.Millisecond) // slower than catching up
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if time.Now().After(until) {
			now, err := s.routeNow(context.WithoutCancel(ctx))
			if err != nil {
				return err
			}
			known, until = now, time.Now().Add(keeps)
		}
		id := fmt.Sprintf("%s/%02d", name, random.IntN(20))
		err := s.change(context.WithoutCancel(ctx), known, id, fmt.Sprintf("%s writes number %d", name, n), random.IntN(6) == 0)
		if errors.Is(err, backends.ErrNotFound) { // retired: the route says where to go on
			until = time.Time{}
			continue
		}
		if err != nil {
			return err
		}
	}
}

func (s *insideStorm) change(ctx context.Context, at route.Route, id, text string, deletes bool) error {
	s.rests.RLock()
	defer s.rests.RUnlock()
	w, err := s.store.Writer(ctx, at.Locator)
	if err != nil {
		return err
	}
	if deletes {
		if err := w.Delete(ctx, id); err != nil {
			return err
		}
		s.wrote(id, "")
		return nil
	}
	v, err := vector(ctx, insideModels[at.Model], backends.Document, text)
	if err != nil {
		return err
	}
	if err := w.Upsert(ctx, backends.Record{ID: id, Text: text, Vector: v}); err != nil {
		return err
	}
	s.wrote(id, text)
	return nil
}

func (s *insideStorm) wrote(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[id] = text
}

// read searches by the route all the time: each query finds its own item first,
// in the space that it was embedded for.
func (s *insideStorm) read(ctx context.Context, random *rand.Rand) error {
	for pausing(ctx, 5*time.Millisecond) == nil {
		now, err := s.routeNow(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		n := random.IntN(s.anchors)
		q, err := vector(context.WithoutCancel(ctx), insideModels[now.Model], backends.SearchQuery, anchorText(n))
		if err != nil {
			return err
		}
		w, err := s.store.Writer(context.WithoutCancel(ctx), now.Locator)
		if err != nil {
			return err
		}
		hits, err := w.Search(context.WithoutCancel(ctx), backends.Query{Vector: q, K: 3})
		if err != nil {
			return err
		}
		if len(hits) == 0 || hits[0].ID != fmt.Sprintf("anchor/%02d", n) || hits[0].Score < 0.999 {
			return fmt.Errorf("the search for anchor %d in %s found %v", n, now.Locator, hits)
		}
	}
	return nil
}

func anchorText(n int) string {
	return fmt.Sprintf("anchor %d holds subject%d and matter%d", n, n*7919, n*104729)
}

// pausing waits, or until ctx is over.
func pausing(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hit has some call of the workers fail every few moments, before or after its effect.
func (s *insideStorm) hit(ctx context.Context, random *rand.Rand) error {
	roles := []string{"source", "index", "generation", "embedder", "registry"}
	for pausing(ctx, 300*time.Millisecond) == nil {
		s.faults.Clear()
		f := faulty.Fault{Role: roles[random.IntN(len(roles))], Nth: 1 + random.IntN(10), Err: backends.ErrUnavailable}
		if random.IntN(2) == 0 {
			f.When = faulty.After
		}
		if f.Role == "embedder" && random.IntN(2) == 0 {
			f.Err = &backends.ThrottledError{After: 100 * time.Millisecond, Err: errors.New("slow down")}
		}
		s.faults.Add(f)
	}
	s.faults.Clear()
	return nil
}

// nothingIsLost looks while nobody writes: what was last written under each id is
// in the active collection, or is one side of a listed conflict.
func (s *insideStorm) nothingIsLost() error {
	ctx := s.t.Context()
	now, err := s.routeNow(ctx)
	if err != nil {
		return err
	}
	found, err := records.AllConflicts(ctx, s.store.Registry(), "articles")
	if err != nil {
		return err
	}
	listed := map[string][]string{}
	for _, c := range found {
		listed[c.ID] = []string{c.Active.Content, c.Former.Content}
	}
	texts := s.texts(now.Locator)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, want := range s.last {
		if want == "" || texts[id] == want || slices.Contains(listed[id], backends.ContentHash(want)) {
			continue
		}
		return fmt.Errorf("%s is lost: want %q, %s has %q, conflicts %v", id, want, now.Locator, texts[id], listed[id])
	}
	return nil
}

// calm has nobody write until nothing is lost, and looks closely then.
func (s *insideStorm) calm(what string) {
	s.t.Helper()
	s.rests.Lock()
	defer s.rests.Unlock()
	var err error
	lost := func() bool { err = s.nothingIsLost(); return err == nil }
	if !assertEventually(s.t, lost) {
		require.NoError(s.t, err, what)
	}
	now, err := s.routeNow(s.t.Context())
	require.NoError(s.t, err)
	s.everyVectorIs(now.Locator, insideModels[now.Model])
}

// assertEventually is require.Eventually without the end of the test.
func assertEventually(t *testing.T, is func() bool) bool {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if is() {
			return true
		}
		if pausing(t.Context(), 100*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// move runs jobs to their end until one completes. On a busy machine a pass takes
// so long that the application writes faster, and a job gives up; the next goes on
// from what it left.
func (s *insideStorm) move(ctx context.Context, to string) {
	s.t.Helper()
	hour := int64(3600)
	for try := 1; ; try++ {
		job, err := s.client.Start(ctx, workflows.Request{Namespace: "articles", To: to, SoakSeconds: &hour}, starter.StartOptions{})
		require.NoError(s.t, err)
		status, err := s.client.Wait(ctx, job)
		require.NoError(s.t, err)
		if status.State == workflows.Completed {
			return
		}
		require.Contains(s.t, []string{activities.CodeNotConverging, activities.CodeVerification}, status.ErrorCode, status.Reason)
		require.Less(s.t, try, 6, status.Reason)
	}
}

// decide ends all conflicts, as a person would who keeps what is searched.
func (s *insideStorm) decide() {
	s.t.Helper()
	ctx := s.t.Context()
	x := s.store.Collections("articles")
	found, err := records.AllConflicts(ctx, s.store.Registry(), "articles")
	require.NoError(s.t, err)
	for _, c := range found {
		m := reconcile.Merge{}
		m.From, err = x.Open(ctx, c.Active.Locator)
		require.NoError(s.t, err)
		m.To, err = x.Open(ctx, c.Former.Locator)
		require.NoError(s.t, err)
		m.Items, err = x.Items(ctx, c.Active.Locator)
		require.NoError(s.t, err)
		m.Embedder, err = hashing.New(insideModels[m.To.Spec().Model], hashing.Config{})
		require.NoError(s.t, err)
		err := reconcile.Keep(ctx, m, reconcile.Conflict{ID: c.ID, From: c.Active.Version, To: c.Former.Version}, reconcile.Options{})
		if errors.Is(err, backends.ErrConflict) { // changed since: the next pass looks again
			continue
		}
		require.NoError(s.t, err)
		kept, err := x.Items(ctx, c.Active.Locator)
		require.NoError(s.t, err)
		items, err := kept.Lookup(ctx, []string{c.ID})
		require.NoError(s.t, err)
		s.wrote(c.ID, items[0].Text)
		require.NoError(s.t, records.DeleteConflicts(ctx, s.store.Registry(), "articles", c.ID))
	}
}

// retire tries until nothing stands against it.
func (s *insideStorm) retire(ctx context.Context) {
	s.t.Helper()
	var err error
	require.True(s.t, assertEventually(s.t, func() bool {
		s.rests.Lock() // nobody makes a new conflict meanwhile
		defer s.rests.Unlock()
		s.decide()
		_, err = s.client.Retire(ctx, "articles", workflows.RetireRequest{})
		return err == nil
	}), "%v", err)
}

// TestSelfContainedStorm has two writers write a self-contained namespace, one of
// which learns of each switch seconds late, readers search it, and calls of the
// workers fail, all the time: through copy, switch, soak, rollback, a second
// switch and the end of the old collection.
func TestSelfContainedStorm(t *testing.T) {
	t.Parallel()
	s := &insideStorm{inside: newInside(t), anchors: 20, last: map[string]string{}}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	old := s.adopt("Articles", insideSmall)
	for n := range s.anchors {
		require.NoError(t, old.Upsert(ctx, s.record(insideSmall, fmt.Sprintf("anchor/%02d", n), anchorText(n))))
	}
	for n := range 100 {
		require.NoError(t, old.Upsert(ctx, s.record(insideSmall, fmt.Sprintf("more/%03d", n), fmt.Sprint("more text ", n))))
	}
	weather, stop := context.WithCancel(ctx)
	defer stop()
	var crowd errgroup.Group
	seed := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(7, n)) }
	crowd.Go(func() error { return s.write(weather, "quick", 0, seed(1)) })
	crowd.Go(func() error { return s.write(weather, "late", 5*time.Second, seed(2)) })
	for n := range uint64(2) {
		crowd.Go(func() error { return s.read(weather, seed(3+n)) })
	}
	crowd.Go(func() error { return s.hit(weather, seed(5)) })

	s.move(ctx, "large")
	s.calm("behind the switch")
	require.True(t, assertEventually(t, func() bool {
		_, err := s.client.Rollback(ctx, "articles", workflows.RollbackRequest{}, true)
		return err == nil
	}), "the rollback")
	s.calm("behind the rollback")
	func() {
		s.rests.Lock()
		defer s.rests.Unlock()
		s.decide()
	}()
	s.move(ctx, "large")
	s.calm("behind the second switch")
	s.retire(ctx)
	s.calm("behind the end of the old collection")
	stop()
	require.NoError(t, crowd.Wait())
	require.Greater(t, s.faults.Struck(), 10)
	now, err := s.routeNow(ctx)
	require.NoError(t, err)
	require.Equal(t, "large", now.Model)
	texts := s.texts(now.Locator)
	for n := range 100 {
		require.Equal(t, fmt.Sprint("more text ", n), texts[fmt.Sprintf("more/%03d", n)])
	}
}
