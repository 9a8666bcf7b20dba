package reconcile_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// agreed are collections that both hold "same", copied and switched.
func agreed(t *testing.T) *collections {
	t.Helper()
	c := newCollections(t, nil)
	for _, id := range []string{"a", "b", "c", "d"} {
		c.old.put(t, id, "same")
	}
	did := c.copy()
	require.EqualValues(t, 4, did.Written)
	require.EqualValues(t, 1, did.Embedded, "equal texts are embedded once, here as well")
	require.Equal(t, c.old.texts(t), c.new.texts(t))
	require.EqualValues(t, 4, c.merge().Written, "what the application wrote into the old one has no stamp: it is made again there")
	require.Zero(t, c.merge().Dirty())
	return c
}

// TestMergeTable is the table of Merge, one row each way.
func TestMergeTable(t *testing.T) {
	t.Parallel()
	del := func(s *side) func(*testing.T) {
		return func(t *testing.T) { t.Helper(); require.NoError(t, s.app.Delete(t.Context(), "a")) }
	}
	put := func(s *side, text string) func(*testing.T) {
		return func(t *testing.T) { t.Helper(); s.put(t, "a", text) }
	}
	for name, tt := range map[string]struct {
		do       func(c *collections) []func(*testing.T)
		old, new string // "": there is none
		conflict bool
	}{
		"changed in the old one only": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){put(c.old, "late")}
		}, "late", "late", false},
		"changed in the new one only": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){put(c.new, "next")}
		}, "next", "next", false},
		"changed in both": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){put(c.old, "late"), put(c.new, "next")}
		}, "late", "next", true},
		"changed in both to the same": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){put(c.old, "next"), put(c.new, "next")}
		}, "next", "next", false},
		"deleted in the old one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.old)}
		}, "", "", false},
		"deleted in the new one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.new)}
		}, "", "", false},
		"deleted in both": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.new), del(c.old)}
		}, "", "", false},
		"deleted in the new one, changed in the old one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.new), put(c.old, "late")}
		}, "late", "late", false},
		"deleted in the old one, changed in the new one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.old), put(c.new, "next")}
		}, "next", "next", false},
		"deleted in the new one, written again in the old one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.new), put(c.old, "same")}
		}, "same", "same", false},
		"deleted and made again in the old one": {func(c *collections) []func(*testing.T) {
			return []func(*testing.T){del(c.old), put(c.old, "again")}
		}, "again", "again", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := agreed(t)
			for _, do := range tt.do(c) {
				do(t)
			}
			c.merge()
			requireText(t, tt.old, c.old, "a")
			requireText(t, tt.new, c.new, "a")
			if tt.conflict {
				require.Equal(t, backends.ContentHash(tt.old), c.conflicts["a"].From.Content)
				require.Equal(t, backends.ContentHash(tt.new), c.conflicts["a"].To.Content)
				require.EqualValues(t, 2, c.merge().Conflicts, "and stays one: each way finds it")
			} else {
				require.Empty(t, c.conflicts)
			}
			require.Zero(t, c.merge().Dirty(), "a second pass finds nothing to do")
			c.requireVectors()
		})
	}
}

func requireText(t *testing.T, want string, s *side, id string) {
	t.Helper()
	got, there := s.texts(t)[id]
	require.Equal(t, want != "", there, "%s in %s", id, s.model.Name)
	require.Equal(t, want, got)
}

// Only in the old one: carried forward, whoever wrote it, and never deleted.
func TestMergeCarriesWhatWasNeverKnown(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	c.old.put(t, "late", "inserted by who has not read the route")
	require.NoError(t, c.old.app.Upsert(t.Context(), c.old.record("stamped", "it knows of stamps", `{"n":1}`, true)))
	c.merge()
	require.Equal(t, c.old.texts(t), c.new.texts(t))
	require.Equal(t, `it knows of stamps/{"n":1}`, c.new.texts(t)["stamped"])
	c.requireVectors()
}

// A change of the payload alone is carried, and pays for no embedding.
func TestMergeCarriesPayloads(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	before := c.embedded
	require.NoError(t, c.old.app.Patch(t.Context(), "a", func(r *backends.Record) { r.Payload = []byte("1") }))
	require.NoError(t, c.new.app.Patch(t.Context(), "b", func(r *backends.Record) { r.Payload = []byte("2") }))
	require.NoError(t, c.new.app.Patch(t.Context(), "c", func(r *backends.Record) { r.Payload = []byte("3") }))
	require.NoError(t, c.old.app.Patch(t.Context(), "c", func(r *backends.Record) { r.Text, r.Vector = "text", c.old.vector("text") }))
	c.merge()
	require.Equal(t, map[string]string{"a": "same/1", "b": "same/2", "c": "text", "d": "same"}, c.old.texts(t))
	require.Equal(t, map[string]string{"a": "same/1", "b": "same/2", "c": "same/3", "d": "same"}, c.new.texts(t))
	require.Contains(t, c.conflicts, "c", "a payload here and a text there are a conflict: nothing is put together")
	require.Equal(t, before, c.embedded)
}

// Writers that change part of a record leave its base: what they changed shows.
func TestMergeSeesPatches(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	patch := func(s *side, id, text string) {
		require.NoError(t, s.app.Patch(t.Context(), id, func(r *backends.Record) { r.Text, r.Vector = text, s.vector(text) }))
	}
	patch(c.old, "a", "late")
	patch(c.new, "b", "next")
	patch(c.old, "c", "late")
	patch(c.new, "c", "next")
	c.merge()
	require.Equal(t, map[string]string{"a": "late", "b": "next", "c": "late", "d": "same"}, c.old.texts(t))
	require.Equal(t, map[string]string{"a": "late", "b": "next", "c": "next", "d": "same"}, c.new.texts(t))
	require.Contains(t, c.conflicts, "c")
	c.requireVectors()
}

// A conflict is over when the sides agree, or one of them is gone.
func TestConflictsEnd(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	for _, id := range []string{"a", "b", "c"} {
		c.old.put(t, id, "late")
		c.new.put(t, id, "next")
	}
	c.merge()
	require.Len(t, c.conflicts, 3)
	c.old.put(t, "a", "next")
	require.NoError(t, c.old.app.Delete(t.Context(), "b"))
	c.new.put(t, "c", "another")
	c.merge()
	require.Len(t, c.conflicts, 1)
	require.Equal(t, backends.ContentHash("another"), c.conflicts["c"].To.Content)
	requireText(t, "next", c.old, "b")
}

// Late zombies: a client that writes the old collection long after the switch,
// and after passes that found nothing.
func TestLateZombies(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	c.merge()
	c.old.put(t, "a", "zombie")
	require.NoError(t, c.old.app.Delete(t.Context(), "b"))
	c.merge()
	requireText(t, "zombie", c.new, "a")
	requireText(t, "", c.new, "b")
	c.old.put(t, "b", "back again")
	require.NoError(t, c.new.app.Delete(t.Context(), "a"))
	c.merge()
	requireText(t, "back again", c.new, "b")
	requireText(t, "", c.old, "a")
	c.old.put(t, "a", "zombie")
	c.merge()
	requireText(t, "zombie", c.new, "a")
}

// What a shadow lost before the switch - an item whose text the new model
// refuses - is no deletion of an application's.
func TestRefusedItemsAreNotDeleted(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	require.NoError(t, c.old.app.Patch(t.Context(), "a", func(r *backends.Record) { r.Text, r.Vector = "bad", c.old.vector("bad") }))
	c.copy()
	requireText(t, "", c.new, "a")
	require.NoError(t, c.old.app.Patch(t.Context(), "a", func(r *backends.Record) { r.Text, r.Vector = "same", c.old.vector("same") }))
	c.merge()
	requireText(t, "same", c.old, "a")
	requireText(t, "same", c.new, "a")

	c.new.put(t, "b", "bad")
	for range 2 {
		c.merge()
		requireText(t, "bad", c.new, "b")
		requireText(t, "same", c.old, "b")
	}
	require.Contains(t, c.old.known, "b", "set aside, and the old record stays: it is all that there is")
	c.new.put(t, "b", "good")
	c.merge()
	requireText(t, "good", c.old, "b")
	require.Empty(t, c.old.known)
}

// TestMergeWritesOverWhatItSaw has an application write between the look and
// the write: its word is the last.
func TestMergeWritesOverWhatItSaw(t *testing.T) {
	t.Parallel()
	for operation, late := range map[string]func(t *testing.T, c *collections){
		"UpsertOver": func(t *testing.T, c *collections) { t.Helper(); c.new.put(t, "a", "next") },
		"DeleteOver": func(t *testing.T, c *collections) { t.Helper(); c.old.put(t, "b", "same") },
		"SetBases":   func(t *testing.T, c *collections) { t.Helper(); c.new.put(t, "a", "next") },
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			var c *collections
			armed := false
			c = newCollections(t, func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
				if armed && call.Operation == operation {
					armed = false
					late(t, c)
				}
				_, err := next(ctx)
				return err
			})
			c.old.put(t, "a", "same")
			c.old.put(t, "b", "same")
			c.copy()
			c.old.put(t, "a", "late")
			require.NoError(t, c.new.app.Delete(t.Context(), "b"))
			armed = true
			c.merge()
			require.False(t, armed)
			c.merge()
			if operation == "DeleteOver" {
				requireText(t, "same", c.new, "b")
				requireText(t, "late", c.new, "a")
				return
			}
			requireText(t, "next", c.new, "a")
			requireText(t, "", c.old, "b")
		})
	}
}

// TestSweepFails: each call fails in turn; what was not done is done by the next pass.
func TestSweepFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	calls, failAt := 0, 0
	c := newCollections(t, func(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
		if calls++; calls == failAt {
			return broken
		}
		_, err := next(ctx)
		return err
	})
	for n := 1; ; n++ {
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			c.old.put(t, id, "same")
			c.new.put(t, id, "same")
		}
		calls, failAt = 0, 0
		c.merge()
		c.old.put(t, "a", "late")
		c.old.put(t, "b", "late")
		c.new.put(t, "b", "next")
		require.NoError(t, c.new.app.Delete(t.Context(), "c"))
		require.NoError(t, c.old.app.Delete(t.Context(), "d"))
		calls, failAt = 0, n
		_, err := c.sweep(c.old, c.new)
		if err == nil {
			_, err = c.sweep(c.new, c.old)
		}
		if err == nil {
			require.Greater(t, n, 10, "each call failed once")
			return
		}
		require.ErrorIs(t, err, broken)
		calls, failAt = 0, 0
		c.merge()
		require.Equal(t, map[string]string{"a": "late", "b": "late", "e": "same", "f": "same"}, c.old.texts(t), "call %d", n)
		require.Equal(t, map[string]string{"a": "late", "b": "next", "e": "same", "f": "same"}, c.new.texts(t), "call %d", n)
		require.Contains(t, c.conflicts, "b")
	}
}

// A run that is fenced writes nothing, not even a base.
func TestSweepIsFenced(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	c.old.put(t, "a", "late")
	c.old.put(t, "b", "same")
	gone := errors.New("the lease is another's")
	c.fence = func(context.Context) error { return gone }
	_, err := c.sweep(c.old, c.new)
	require.ErrorIs(t, err, gone)
	requireText(t, "same", c.new, "a")
}

// A job to the model that is active makes the collection's own vectors right,
// and never writes over what an application writes meanwhile.
func TestForwardOfOneCollection(t *testing.T) {
	t.Parallel()
	var c *collections
	armed := false
	c = newCollections(t, func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
		if armed && call.Operation == "UpsertOver" {
			armed = false
			c.new.put(t, "b", "written meanwhile")
		}
		_, err := next(ctx)
		return err
	})
	for _, id := range []string{"a", "b", "c"} {
		c.new.put(t, id, "text of "+id)
	}
	c.new.put(t, "d", "bad")
	c.old = c.new // from the new one to itself
	armed = true
	did := c.copy()
	require.False(t, armed)
	require.EqualValues(t, 2, did.Written)
	require.Zero(t, did.Deleted)
	require.Equal(t, map[string]string{"a": "text of a", "b": "written meanwhile", "c": "text of c", "d": "bad"}, c.new.texts(t),
		"a refused text is set aside, and stays")
	require.EqualValues(t, 1, c.copy().Written, "what moved is the next pass's")
	require.Zero(t, c.copy().Written)
}
