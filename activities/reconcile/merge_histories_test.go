package reconcile_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// wanted is what a collection should hold under an id: a model of the merge
// without hashes, bases or revisions.
type wanted struct {
	there   bool
	says    string // text and payload
	agreed  string // what both said when they last agreed
	touched bool   // written as a whole since then
}

func (w wanted) changed() bool { return w.touched || w.says != w.agreed }

// oracle follows the histories of two writers by id.
type oracle struct{ old, new map[string]wanted }

// merged is what a pass makes of one id; conflict says that it stays as it is.
func merged(a, b wanted) (x, y wanted, conflict bool) {
	alike := func(says string) (wanted, wanted, bool) {
		w := wanted{there: true, says: says, agreed: says}
		return w, w, false
	}
	switch {
	case !a.there && !b.there:
		return wanted{}, wanted{}, false
	case !b.there && !a.changed(), !a.there && !b.changed():
		return wanted{}, wanted{}, false
	case !b.there:
		return alike(a.says)
	case !a.there:
		return alike(b.says)
	case a.says == b.says, a.changed() && !b.changed():
		return alike(a.says)
	case b.changed() && !a.changed():
		return alike(b.says)
	}
	return a, b, true
}

func (o oracle) pass() (conflicts []string) {
	for _, id := range ids {
		var both bool
		if o.old[id], o.new[id], both = merged(o.old[id], o.new[id]); both {
			conflicts = append(conflicts, id)
		}
	}
	return conflicts
}

func says(side map[string]wanted) map[string]string {
	all := map[string]string{}
	for id, w := range side {
		if w.there {
			all[id] = w.says
		}
	}
	return all
}

var ids = []string{"a", "b", "c", "d", "e"}

// writers make random changes to both collections, as applications do.
type writers struct {
	*collections
	t    *testing.T
	rand *rand.Rand
	n    int
	last map[string]string // id -> what was last written, by either
}

// change makes one change on a side and on its model.
func (w *writers) change(s *side, model map[string]wanted) {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	id := ids[w.rand.IntN(len(ids))]
	now := model[id]
	text, payload := w.words(now), ""
	if w.rand.IntN(3) == 0 {
		payload = fmt.Sprint(w.rand.IntN(2))
	}
	whole := text
	if payload != "" {
		whole += "/" + payload
	}
	switch op := w.rand.IntN(10); {
	case op < 3:
		require.NoError(w.t, s.app.Delete(ctx, id))
		model[id] = wanted{}
		delete(w.last, id)
	case op < 5 && now.there: // a part: text with its vector, and the payload
		require.NoError(w.t, s.app.Patch(ctx, id, func(r *backends.Record) {
			changed := s.record(id, text, payload, false)
			r.Text, r.Payload, r.Vector = text, changed.Payload, changed.Vector
		}))
		now.says = whole
		model[id] = now
		w.last[id] = whole
		if text == "common" { // it may be what both agreed on: then nothing was changed
			delete(w.last, id)
		}
	default:
		require.NoError(w.t, s.app.Upsert(ctx, s.record(id, text, payload, w.rand.IntN(2) == 0)))
		model[id] = wanted{there: true, says: whole, touched: true}
		w.last[id] = whole
	}
}

// words are new ones, mostly.
func (w *writers) words(now wanted) string {
	if w.rand.IntN(5) == 0 {
		return "common"
	}
	w.n++
	return fmt.Sprint("text ", w.n)
}

// TestHistoriesOfTwoWriters has one writer on each collection, through the copy,
// the switch and a soak, and compares with the oracle behind each pass.
func TestHistoriesOfTwoWriters(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		c := newCollections(t, nil)
		w := &writers{collections: c, t: t, rand: rand.New(rand.NewPCG(seed, 1)), last: map[string]string{}}
		o := oracle{old: map[string]wanted{}, new: map[string]wanted{}}
		for range 3 { // copying and catching up: only the old collection is written
			for range w.rand.IntN(8) {
				w.change(c.old, o.old)
			}
			c.copy()
			for _, id := range ids {
				if o.old[id].there {
					both := wanted{there: true, says: o.old[id].says, agreed: o.old[id].says}
					o.old[id], o.new[id] = both, both
				} else {
					o.old[id], o.new[id] = wanted{}, wanted{}
				}
			}
			require.Equal(t, says(o.new), c.new.texts(t), "seed %d: a copy", seed)
		}
		for range w.rand.IntN(4) { // stragglers before the switch
			w.change(c.old, o.old)
		}
		for pass := range 6 {
			for range w.rand.IntN(8) {
				if w.rand.IntN(2) == 0 {
					w.change(c.old, o.old)
				} else {
					w.change(c.new, o.new)
				}
			}
			c.merge()
			conflicts := o.pass()
			at := fmt.Sprintf("seed %d, pass %d", seed, pass)
			require.Equal(t, says(o.old), c.old.texts(t), "%s: the old collection", at)
			require.Equal(t, says(o.new), c.new.texts(t), "%s: the new collection", at)
			require.ElementsMatch(t, conflicts, stillThere(c), "%s: conflicts", at)
		}
		c.requireVectors()
	}
}

// stillThere are the conflicts of items that some collection has: those of others
// no sweep meets.
func stillThere(c *collections) []string {
	old, now := c.old.texts(c.t), c.new.texts(c.t)
	var found []string
	for _, id := range slices.Sorted(maps.Keys(c.conflicts)) {
		_, a := old[id]
		_, b := now[id]
		if a || b {
			found = append(found, id)
		}
	}
	return found
}

// TestWritersBetweenTheCalls has both writers change things between any two calls
// of a pass. No oracle knows what comes of that, but: what was written last is
// there, on both sides, or is one of two versions of a listed conflict.
func TestWritersBetweenTheCalls(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		var (
			w    *writers
			mu   sync.Mutex // of all below: a run calls from several goroutines
			busy bool
		)
		discard := map[string]wanted{}
		c := newCollections(t, func(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
			mu.Lock()
			if busy && w.rand.IntN(3) == 0 {
				s := []*side{w.old, w.new}[w.rand.IntN(2)]
				w.change(s, present(w.collections, s, discard))
			}
			mu.Unlock()
			_, err := next(ctx)
			return err
		})
		w = &writers{collections: c, t: t, rand: rand.New(rand.NewPCG(seed, 2)), last: map[string]string{}}
		for range 10 {
			w.change(c.old, present(c, c.old, discard))
		}
		c.copy()
		for range 4 {
			mu.Lock()
			busy = true
			mu.Unlock()
			if seed%2 == 0 {
				c.mergeAtOnce()
			} else {
				c.merge()
			}
			mu.Lock()
			busy = false
			mu.Unlock()
		}
		passes := 0
		for c.merge().Dirty() > 0 {
			passes++
			require.Less(t, passes, 4, "seed %d: a quiet namespace comes to rest", seed)
		}
		old, now := c.old.texts(t), c.new.texts(t)
		conflicts := stillThere(c)
		for _, id := range ids {
			if slices.Contains(conflicts, id) {
				require.NotEqual(t, old[id], now[id], "seed %d: %s", seed, id)
			} else {
				require.Equal(t, old[id], now[id], "seed %d: %s", seed, id)
			}
			if last, written := w.last[id]; written {
				require.Contains(t, []string{old[id], now[id]}, last, "seed %d: what was last written under %s is lost", seed, id)
			}
		}
		c.requireVectors()
	}
}

// present fills a model with what is there, so that changes can be made of it.
func present(c *collections, s *side, model map[string]wanted) map[string]wanted {
	clear(model)
	page, err := s.look.ReadPage(context.WithoutCancel(c.t.Context()), backends.Range{}, "", backends.PageLimit{Items: 100})
	require.NoError(c.t, err)
	for _, it := range page.Items {
		model[it.ID] = wanted{there: true}
	}
	return model
}
