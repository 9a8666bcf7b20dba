package backendtest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

func stillRuns(context.Context, records.Lease) (bool, error) { return false, nil }
func hasEnded(context.Context, records.Lease) (bool, error)  { return true, nil }

func testLease(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	ctx := t.Context()
	a, b := records.Lease{Job: "a", Run: "1"}, records.Lease{Job: "b", Run: "1"}
	_, err := records.GetLease(ctx, r, "ns")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.ErrorIs(t, records.CheckLease(ctx, r, "ns", 1), backends.ErrConflict)

	held, err := records.TakeLease(ctx, r, "ns", a, stillRuns)
	require.NoError(t, err)
	require.False(t, held.Seized, "it was free")
	require.NoError(t, records.CheckLease(ctx, r, "ns", held.Epoch))
	_, err = records.TakeLease(ctx, r, "ns", b, stillRuns)
	require.ErrorIs(t, err, backends.ErrConflict)
	require.ErrorContains(t, err, "job a")
	require.NoError(t, records.CheckLease(ctx, r, "ns", held.Epoch))
	other, err := records.TakeLease(ctx, r, "other", b, stillRuns)
	require.NoError(t, err, "another namespace's is free")
	require.NotEqual(t, held.Epoch, other.Epoch)

	again, err := records.TakeLease(ctx, r, "ns", a, stillRuns)
	require.NoError(t, err)
	require.Greater(t, again.Epoch, held.Epoch)
	require.False(t, again.Seized, "it was its own")
	require.ErrorIs(t, records.CheckLease(ctx, r, "ns", held.Epoch), backends.ErrConflict, "the former epoch is fenced")

	taken, err := records.TakeLease(ctx, r, "ns", b, hasEnded)
	require.NoError(t, err)
	require.Greater(t, taken.Epoch, again.Epoch)
	require.True(t, taken.Seized, "it was another's")
	retaken, err := records.TakeLease(ctx, r, "ns", b, stillRuns)
	require.NoError(t, err)
	require.True(t, retaken.Seized, "also when the first answer was lost")
	taken, err = records.GetLease(ctx, r, "ns")
	require.NoError(t, err)
	require.Equal(t, retaken, taken)
	require.ErrorIs(t, records.CheckLease(ctx, r, "ns", again.Epoch), backends.ErrConflict)
	require.NoError(t, records.GiveBackLease(ctx, r, "ns", again.Epoch))
	require.NoError(t, records.CheckLease(ctx, r, "ns", taken.Epoch), "who was fenced can't give it back")

	require.NoError(t, records.GiveBackLease(ctx, r, "ns", taken.Epoch))
	require.NoError(t, records.GiveBackLease(ctx, r, "ns", taken.Epoch), "idempotent")
	require.ErrorIs(t, records.CheckLease(ctx, r, "ns", taken.Epoch), backends.ErrConflict)
	last, err := records.TakeLease(ctx, r, "ns", a, stillRuns)
	require.NoError(t, err)
	require.False(t, last.Seized)
	require.Greater(t, last.Epoch, taken.Epoch, "no epoch comes twice, also when the lease was free")
}

func testLeaseRaces(t *testing.T, p Place[backends.Registry]) {
	raceForLease(t, p, stillRuns)
}

// testTakeOverRaces lets all racers see that the holder is over.
func testTakeOverRaces(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	old, err := records.TakeLease(t.Context(), r, "ns", records.Lease{Job: "old", Run: "1"}, stillRuns)
	require.NoError(t, err)
	raceForLease(t, p, func(_ context.Context, l records.Lease) (bool, error) { return l.Job == "old", nil })
	require.ErrorIs(t, records.CheckLease(t.Context(), r, "ns", old.Epoch), backends.ErrConflict)
}

func raceForLease(t *testing.T, p Place[backends.Registry], ended func(context.Context, records.Lease) (bool, error)) {
	t.Helper()
	var won atomic.Int64
	var epoch atomic.Int64
	race(t, p, func(i int, r backends.Registry) error {
		l, err := records.TakeLease(t.Context(), r, "ns", records.Lease{Job: fmt.Sprintf("job-%d", i), Run: "1"}, ended)
		if errors.Is(err, backends.ErrConflict) {
			return nil
		}
		if err == nil {
			won.Add(1)
			epoch.Store(l.Epoch)
		}
		return err
	})
	require.EqualValues(t, 1, won.Load(), "one job holds the namespace")
	require.NoError(t, records.CheckLease(t.Context(), p.Open(t, ""), "ns", epoch.Load()))
}
