package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/stores/memory"
)

const consumer = "ns@m"

// capturing is a world whose generation is right, and whose changes are told from
// then on.
func capturing(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t, memory.Config{CopiesPayload: true})
	w.fill(n)
	w.over()
	require.NoError(t, w.capture().Subscribe(t.Context(), consumer))
	_, err := w.forward(w.options())
	require.NoError(t, err)
	w.requireRight()
	w.embedder.texts = map[string]int{}
	w.embedder.requests = nil
	return w
}

// over lets the generation know the items, so that it writes conditionally.
func (w *world) over() {
	w.t.Helper()
	var err error
	w.target, err = w.index.Over("items").Open(w.t.Context(), w.target.Spec().Locator)
	require.NoError(w.t, err)
	_, ok := backends.As[backends.ConditionalWriter](w.target)
	require.True(w.t, ok)
}

func (w *world) capture() backends.Capture {
	w.t.Helper()
	c, ok := backends.As[backends.Capture](w.source)
	require.True(w.t, ok)
	return c
}

func (w *world) delete(ids ...string) {
	w.t.Helper()
	require.NoError(w.t, w.source.DeleteItems(w.t.Context(), ids))
}

func (w *world) pending() int {
	w.t.Helper()
	told, err := w.capture().Changes(w.t.Context(), consumer, "", 10_000)
	require.NoError(w.t, err)
	return len(told.Items)
}

func (w *world) changed(o reconcile.Options) (reconcile.Result, error) {
	return reconcile.Changed(w.t.Context(), w.pair(), w.capture(), consumer, "", o)
}

// disturb changes some of each kind: 13 changes of 12 items.
func (w *world) disturb() {
	w.put(item("id-003", "another text"), item("id-004", "another text"), item("new-1", "new one"), item("new-2", "text 001"))
	w.put(item("new-1", "new one, edited"))
	w.put(backends.Item{ID: "id-005", Text: "text 005", Payload: []byte("new")})
	w.put(item("id-006", "bad"), item("id-007", ""))
	w.put(item("id-008", "for a moment"), item("id-008", "text 008"))
	w.delete("id-010", "id-011")
	w.put(item("id-011", "text 011"))
	w.put(item("brief", "x"))
	w.delete("brief")
}

// TestChangedCostsWhatChanged guards the point of it: nothing but the changed items
// is looked up, and none is embedded whose text is the same.
func TestChangedCostsWhatChanged(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]func(*world){"conditional": func(*world) {}, "plain": (*world).plain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := capturing(t, 60)
			config(w)
			w.disturb()
			s := faulty.New()
			pair := w.pair()
			pair.Source, pair.Target = s.Source(w.source), s.Generation(w.target)
			got, err := reconcile.Changed(t.Context(), pair, w.capture(), consumer, "", w.options())
			require.NoError(t, err)
			require.True(t, got.Done)
			w.requireRight()
			require.Zero(t, w.pending(), "all is acknowledged, what was set aside too")
			require.Equal(t, map[string]string{"id-006": backends.ContentHash("bad"), "id-007": backends.ContentHash("")}, w.quarantined)
			require.EqualValues(t, 11, got.Counts.Scanned)
			require.EqualValues(t, 4, got.Counts.Written, "two with the same new text, and two new ones")
			require.EqualValues(t, 1, got.Counts.PayloadOnly)
			require.EqualValues(t, 1, got.Counts.Deleted, "one never had a record, and one came back")
			require.EqualValues(t, 2, got.Counts.Quarantined)
			require.Equal(t, map[string]int{"another text": 1, "new one, edited": 1, "text 001": 1}, w.embedder.texts)
			for _, c := range s.Calls() {
				require.NotContains(t, []string{"ReadPage", "ReadStamps"}, c.Operation, "a sweep")
			}
			got, err = w.changed(w.options())
			require.NoError(t, err)
			require.Equal(t, reconcile.Result{Cursor: got.Cursor, Done: true}, got)
		})
	}
}

// plain hides that the generation can write conditionally.
func (w *world) plain() { w.target = struct{ backends.Generation }{w.target} }

// TestEachCallOfChangedFails: each call fails in turn, before or after its effect. Whatever
// was acknowledged is right, and a second run leaves everything right.
func TestEachCallOfChangedFails(t *testing.T) {
	t.Parallel()
	run := func(w *world, s *faulty.Script) (reconcile.Result, error) {
		pair, o := w.pair(), w.options()
		pair.Source, pair.Target, pair.Embedder = s.Source(w.source), s.Generation(w.target), s.Embedder(w.embedder)
		capture, ok := backends.As[backends.Capture](pair.Source)
		require.True(w.t, ok)
		o.PatienceMax = 1
		return reconcile.Changed(w.t.Context(), pair, capture, consumer, "", o)
	}
	script := faulty.New()
	w := capturing(t, 30)
	w.disturb()
	_, err := run(w, script)
	require.NoError(t, err)
	calls := map[string]int{}
	for _, c := range script.Calls() {
		calls[c.Operation]++
	}
	for _, operation := range []string{"Changes", "Lookup", "Stamps", "Embed", "UpsertCurrent", "SetPayload", "Delete", "DeleteAbsent", "Acknowledge"} {
		require.NotZero(t, calls[operation], "%s is not part of the run", operation)
	}
	for operation, n := range calls {
		for nth := range n {
			for _, when := range []faulty.When{faulty.Before, faulty.After} {
				t.Run(fmt.Sprintf("%s %d %d", operation, nth+1, when), func(t *testing.T) {
					t.Parallel()
					w := capturing(t, 30)
					w.disturb()
					s := faulty.New(faulty.Fault{Operation: operation, Nth: nth + 1, When: when, Err: backends.ErrUnavailable})
					got, err := run(w, s)
					if s.Struck() > 0 {
						require.ErrorIs(t, err, backends.ErrUnavailable)
						require.False(t, got.Done)
					}
					waits := map[string]bool{}
					told, terr := w.capture().Changes(t.Context(), consumer, "", 1000)
					require.NoError(t, terr)
					for _, c := range told.Items {
						waits[c.ID] = true
					}
					for _, wrong := range w.wrong() {
						var id string
						_, err := fmt.Sscan(wrong[len(wrong)-6:], &id)
						require.NoError(t, err)
						require.True(t, waits[id], "%s, and nobody is told", wrong)
					}
					s.Clear()
					_, err = run(w, s)
					require.NoError(t, err)
					w.requireRight()
					require.Zero(t, w.pending())
				})
			}
		}
	}
}

// TestChangedWhileItIsWritten guards against an old text's vector behind a change:
// the item changes, goes, or comes back between the look and the write.
func TestChangedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		before    func(*world)
		meanwhile func(*world)
	}{
		"it changes":    {"UpsertCurrent", func(w *world) { w.put(item("id-001", "one")) }, func(w *world) { w.put(item("id-001", "two")) }},
		"it goes":       {"UpsertCurrent", func(w *world) { w.put(item("id-001", "one")) }, func(w *world) { w.delete("id-001") }},
		"it comes back": {"DeleteAbsent", func(w *world) { w.delete("id-001") }, func(w *world) { w.put(item("id-001", "two")) }},
		"it comes back between two looks": {
			"Stamps", func(w *world) { w.delete("id-001") }, func(w *world) { w.put(item("id-001", "two")) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := capturing(t, 10)
			c.before(w)
			s := faulty.New(faulty.Fault{Operation: c.operation, Nth: 1, Do: func(context.Context, faulty.Call) error {
				c.meanwhile(w)
				return nil
			}})
			pair := w.pair()
			pair.Target = s.Generation(w.target)
			got, err := reconcile.Changed(t.Context(), pair, w.capture(), consumer, "", w.options())
			require.NoError(t, err)
			require.True(t, got.Done)
			require.Equal(t, 1, s.Struck())
			require.EqualValues(t, 1, got.Counts.Moved)
			require.EqualValues(t, 1, got.Counts.Dirty())
			require.Zero(t, got.Counts.Written+got.Counts.Deleted)
			require.NotZero(t, w.pending(), "it stays to be synced")
			_, err = w.changed(w.options())
			require.NoError(t, err)
			w.requireRight()
			require.Zero(t, w.pending())
		})
	}
}

// TestChangeBehindTheLookIsNotAcknowledged guards the mark: a change that comes
// while an older one of the same item is written stays.
func TestChangeBehindTheLookIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	w := capturing(t, 10)
	w.plain()
	w.put(item("id-001", "one"))
	w.embedder.before = func(_ context.Context, texts []string) error {
		if texts[0] == "one" {
			w.put(item("id-001", "two"))
		}
		return nil
	}
	_, err := w.changed(w.options())
	require.NoError(t, err)
	require.Equal(t, 1, w.pending())
	_, err = w.changed(w.options())
	require.NoError(t, err)
	w.requireRight()
	require.Zero(t, w.pending())
}

func TestChangedIsFenced(t *testing.T) {
	t.Parallel()
	errFenced := errors.New("fenced")
	w := capturing(t, 10)
	w.disturb()
	before := w.pending()
	o := w.options()
	o.Fence = func(context.Context) error { return errFenced }
	_, err := w.changed(o)
	require.ErrorIs(t, err, errFenced)
	require.Equal(t, before, w.pending())

	calls := 0 // the writes are let through, and the acknowledgement is not
	w = capturing(t, 10)
	w.put(item("id-001", "one"))
	o.Fence = func(context.Context) error {
		if calls++; calls > 1 {
			return errFenced
		}
		return nil
	}
	_, err = w.changed(o)
	require.ErrorIs(t, err, errFenced)
	require.Equal(t, 1, w.pending())
}

// TestChangedHandsBack guards long backlogs: a run ends by its bounds between pages,
// and on a stopping worker with what it has begun; the next one goes on.
func TestChangedHandsBack(t *testing.T) {
	t.Parallel()
	w := capturing(t, 40)
	for i := range 40 {
		w.put(item(fmt.Sprintf("id-%03d", i), fmt.Sprintf("edit %03d", i)))
	}
	o := w.options()
	o.MaxItems = 10
	var reports []reconcile.Result
	o.Report = func(r reconcile.Result) { reports = append(reports, r) }
	got, err := w.changed(o)
	require.NoError(t, err)
	require.False(t, got.Done)
	require.EqualValues(t, 16, got.Counts.Written, "two pages")
	require.Equal(t, 24, w.pending())
	require.Equal(t, got, reports[len(reports)-1])

	stop := make(chan struct{})
	o.MaxItems, o.Stop = 0, stop
	w.embedder.before = func(context.Context, []string) error {
		select {
		case <-stop:
		default:
			close(stop)
		}
		return nil
	}
	got, err = reconcile.Changed(t.Context(), w.pair(), w.capture(), consumer, got.Cursor, o)
	require.NoError(t, err)
	require.False(t, got.Done)
	w.embedder.before, o.Stop = nil, nil
	got, err = w.changed(o)
	require.NoError(t, err)
	require.True(t, got.Done)
	w.requireRight()
	require.Zero(t, w.pending())
}

// TestChangedIsBoundedByBytes guards memory: giant items are not looked up at once.
func TestChangedIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	w := capturing(t, 0)
	giant := make([]byte, 4000)
	for i := range giant {
		giant[i] = 'x'
	}
	for i := range 60 {
		w.put(item(fmt.Sprintf("id-%03d", i), fmt.Sprintf("%03d%s", i, giant)))
	}
	o := w.options()
	o.PageItems, o.MemoryBytes = 60, 64<<10
	most := 0
	s := faulty.New(faulty.Fault{Operation: "Lookup", Do: func(_ context.Context, c faulty.Call) error {
		most = max(most, c.Items)
		return nil
	}})
	pair := w.pair()
	pair.Source = s.Source(w.source)
	got, err := reconcile.Changed(t.Context(), pair, w.capture(), consumer, "", o)
	require.NoError(t, err)
	require.True(t, got.Done)
	require.LessOrEqual(t, most, 10, "the first look is blind")
	w.requireRight()
}

func TestLostChangesAreTold(t *testing.T) {
	t.Parallel()
	w := capturing(t, 3)
	require.NoError(t, w.capture().Unsubscribe(t.Context(), consumer))
	got, err := w.changed(w.options())
	require.ErrorIs(t, err, backends.ErrChangesLost)
	require.False(t, got.Done)
}

// TestCurrentKeepsWhatCameBack guards repairs beside a job: an item comes back, or
// changes, between a look and a write.
func TestCurrentKeepsWhatCameBack(t *testing.T) {
	t.Parallel()
	w := capturing(t, 10)
	w.delete("id-001")
	w.put(item("id-002", "one"))
	s := faulty.New(
		faulty.Fault{Operation: "DeleteAbsent", Nth: 1, Do: func(context.Context, faulty.Call) error {
			w.put(item("id-001", "text 001"))
			return nil
		}},
		faulty.Fault{Operation: "UpsertCurrent", Nth: 1, Do: func(context.Context, faulty.Call) error {
			w.put(item("id-002", "two"))
			return nil
		}},
	)
	pair, o := w.pair(), w.options()
	pair.Target, o.Current = s.Generation(w.target), true
	got, err := reconcile.Backward(t.Context(), pair, backends.Range{}, "", o)
	require.NoError(t, err)
	require.Zero(t, got.Counts.Deleted)
	require.EqualValues(t, 1, got.Counts.Moved)
	got, err = reconcile.Forward(t.Context(), pair, backends.Range{}, "", o)
	require.NoError(t, err)
	require.Zero(t, got.Counts.Written)
	require.EqualValues(t, 1, got.Counts.Moved)
	require.Equal(t, 2, s.Struck())
	require.Equal(t, []string{"stale id-002"}, w.wrong(), "not the vector of a text that is no more")
}
