package verify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// TestAgainCountsWhatIsTheSame guards jobs over a moving store: of what a look found
// only that counts which is wrong in the same way, for the same text.
func TestAgainCountsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	w.put(id(0), "edited")
	w.put(id(1), "edited")
	w.forget(id(2))
	w.forget(id(3))
	w.drop(id(4))
	w.drop(id(5))
	before := w.all(verify.Options{})
	require.EqualValues(t, 6, before.Wrong())

	w.store(id(1), "edited")         // mended
	w.put(id(3), "edited meanwhile") // moved
	w.put(id(5), text(5))            // came back
	w.put(id(6), "only now")         // nobody found it before
	still, err := verify.Again(t.Context(), w.pair(), before.Findings, verify.Options{})
	require.NoError(t, err)
	require.ElementsMatch(t, []verify.Finding{
		{Kind: verify.Stale, ID: id(0), Want: backends.ContentHash("edited")},
		{Kind: verify.Missing, ID: id(2), Want: backends.ContentHash(text(2))},
		{Kind: verify.Extra, ID: id(4)},
	}, still.Findings)

	still, err = verify.Again(t.Context(), w.pair(), before.Findings, verify.Options{
		Known: map[string]string{id(2): backends.ContentHash(text(2))},
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, still.Wrong(), "it was set aside")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = verify.Again(ctx, w.pair(), before.Findings, verify.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestWhatMovesIsNoFinding guards the one thing that a change can't explain: a
// vector of another model, or none at all.
func TestWhatMovesIsNoFinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6)
	w.put(id(0), "edited")
	w.forget(id(1))
	w.drop(id(2))
	foreign := w.record(id(3), text(3))
	foreign.Stamp.Fingerprint = "another"
	w.upsert(foreign)
	long := w.record(id(4), text(4))
	for i := range long.Vector {
		long.Vector[i] *= 3
	}
	w.upsert(long)
	all := func(_ context.Context, ids []string) (map[string]bool, error) {
		told := map[string]bool{}
		for _, id := range ids {
			told[id] = true
		}
		return told, nil
	}
	got := w.all(verify.Options{Moving: all})
	require.EqualValues(t, 3, got.Moving)
	require.Equal(t, map[verify.Kind]int64{verify.Foreign: 1, verify.Vector: 1}, got.Counts)

	none := func(context.Context, []string) (map[string]bool, error) { return nil, nil }
	require.EqualValues(t, 5, func() int64 { r := w.all(verify.Options{Moving: none}); return r.Wrong() }())

	down := errors.New("down")
	_, err := verify.All(t.Context(), w.pair(), verify.Options{Moving: func(context.Context, []string) (map[string]bool, error) { return nil, down }})
	require.ErrorIs(t, err, down)
}
