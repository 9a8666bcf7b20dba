package reconcile_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/intercept"
)

// armed runs do once, before the first call of the operation since it was armed.
type armed struct {
	operation string
	do        func()
	fail      error // of that call
}

func (a *armed) intercept(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
	if a.operation == call.Operation {
		a.operation = ""
		if a.do != nil {
			a.do()
		}
		if a.fail != nil {
			return a.fail
		}
	}
	_, err := next(ctx)
	return err
}

// What changed in To alone is the other sweep's, and no conflict meanwhile.
func TestSweepLeavesWhatIsTheOthers(t *testing.T) {
	t.Parallel()
	c := agreed(t)
	c.new.put(t, "a", "next")
	res, err := c.sweep(c.old, c.new)
	require.NoError(t, err)
	require.Zero(t, res.Counts.Conflicts)
	require.Zero(t, res.Counts.Dirty())
	require.Empty(t, c.conflicts)
}

// A record that was deleted between the look and the write was not written, and
// the source must not believe that it was: it would take the next look for
// evidence of a deletion, and lose what was written last.
func TestMovedRecordsAreNotAgreedOn(t *testing.T) {
	t.Parallel()
	a := &armed{}
	c := newCollections(t, a.intercept)
	c.old.put(t, "a", "same")
	c.copy()
	c.old.put(t, "a", "late")
	*a = armed{operation: "UpsertOver", do: func() { require.NoError(t, c.new.app.Delete(t.Context(), "a")) }}
	_, err := c.sweep(c.old, c.new)
	require.NoError(t, err)
	requireText(t, "", c.new, "a")
	c.merge()
	requireText(t, "late", c.new, "a")
	requireText(t, "late", c.old, "a")
}

// A copy whose process died between record and base is completed by the next
// pass, or a later deletion would be taken for an item that was never copied.
func TestCopyCompletesBases(t *testing.T) {
	t.Parallel()
	a := &armed{}
	c := newCollections(t, a.intercept)
	c.old.put(t, "a", "same")
	broken := errors.New("broken")
	*a = armed{operation: "SetBases", fail: broken}
	_, err := c.forward()
	require.ErrorIs(t, err, broken)
	requireText(t, "same", c.new, "a")
	require.Zero(t, c.copy().Written, "the record is there")
	require.NoError(t, c.new.app.Delete(t.Context(), "a"))
	c.merge()
	requireText(t, "", c.old, "a")
	requireText(t, "", c.new, "a")
}

// Of one collection: an item that changed between the read of its text and the
// look at its record is left alone.
func TestForwardOfOneCollectionWritesOverNoNewerText(t *testing.T) {
	t.Parallel()
	a := &armed{}
	c := newCollections(t, a.intercept)
	c.new.put(t, "a", "text")
	c.old = c.new
	*a = armed{operation: "Held", do: func() { c.new.put(t, "a", "newer") }}
	require.Zero(t, c.copy().Written)
	requireText(t, "newer", c.new, "a")
	require.EqualValues(t, 1, c.copy().Written)
	requireText(t, "newer", c.new, "a")
	c.requireVectors()
}

// An item that changed between the read of its text and the look at its record is
// left to the next pass: no older text is carried meanwhile.
func TestSweepCarriesNoOlderText(t *testing.T) {
	t.Parallel()
	a := &armed{}
	c := newCollections(t, a.intercept)
	c.old.put(t, "a", "same")
	c.copy()
	c.old.put(t, "a", "late")
	*a = armed{operation: "Held", do: func() { c.old.put(t, "a", "later") }}
	res, err := c.sweep(c.old, c.new)
	require.NoError(t, err)
	require.EqualValues(t, 1, res.Counts.Scanned)
	require.EqualValues(t, 1, res.Counts.Dirty(), "nobody takes such a pass for a clean one")
	requireText(t, "same", c.new, "a")
	c.merge()
	requireText(t, "later", c.new, "a")
}
