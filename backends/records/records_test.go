package records_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/stores/memory"
)

func registry(t *testing.T) *memory.Registry {
	t.Helper()
	s, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	return s.Registry()
}

var at = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestQuarantine(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	put := func(ns, fp, id string) {
		t.Helper()
		q := records.Quarantined{ID: id, Content: "c", Reason: "r", Job: "j", At: at}
		require.NoError(t, records.PutQuarantined(ctx, reg, ns, fp, q))
	}
	ids := func(ns, fp string) []string {
		t.Helper()
		all, err := records.AllQuarantined(ctx, reg, ns, fp)
		require.NoError(t, err)
		var ids []string
		for _, q := range all {
			ids = append(ids, q.ID)
		}
		return ids
	}
	put("a", "f1", "b/c")
	put("a/b", "f1", "c") // neither a slash in a name nor one in an id mixes namespaces
	put("a", "f2", "x")
	require.Equal(t, []string{"b/c"}, ids("a", "f1"))
	require.Equal(t, []string{"c"}, ids("a/b", "f1"))
	require.Equal(t, []string{"x"}, ids("a", "f2"))

	require.NoError(t, records.PutQuarantined(ctx, reg, "a", "f1", records.Quarantined{ID: "b/c", Content: "new"}))
	all, err := records.AllQuarantined(ctx, reg, "a", "f1")
	require.NoError(t, err)
	require.Equal(t, []records.Quarantined{{ID: "b/c", Content: "new"}}, all)
	contents, err := records.RefusedContents(ctx, reg, "a", "f1")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b/c": "new"}, contents)

	require.NoError(t, records.DeleteQuarantined(ctx, reg, "a", "f1", "b/c"))
	require.NoError(t, records.DeleteQuarantined(ctx, reg, "a", "f1", "b/c"), "an unknown one is no error")
	require.Empty(t, ids("a", "f1"))
	require.Equal(t, []string{"c"}, ids("a/b", "f1"))
}

func TestQuarantineOfManyPages(t *testing.T) {
	t.Parallel()
	reg := registry(t)
	for i := range 2001 {
		require.NoError(t, records.PutQuarantined(t.Context(), reg, "a", "f", records.Quarantined{ID: fmt.Sprintf("%05d", i)}))
	}
	all, err := records.AllQuarantined(t.Context(), reg, "a", "f")
	require.NoError(t, err)
	require.Len(t, all, 2001)
	require.True(t, slices.IsSortedFunc(all, func(a, b records.Quarantined) int { return strings.Compare(a.ID, b.ID) }))
}

// Two segments may refuse the same item at once.
func TestQuarantineWithRacers(t *testing.T) {
	t.Parallel()
	reg := registry(t)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			q := records.Quarantined{ID: "same", Content: fmt.Sprint(i)}
			if err := records.PutQuarantined(t.Context(), reg, "a", "f", q); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	all, err := records.AllQuarantined(t.Context(), reg, "a", "f")
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestCanaries(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	m := backends.Model{Name: "m", Driver: "d", Dimensions: backends.MaxDimensions}
	_, err := records.Canaries(ctx, reg, m.Fingerprint())
	require.ErrorIs(t, err, backends.ErrNotFound)

	random := rand.New(rand.NewPCG(1, 2))
	vectors := make([][]float32, len(records.CanaryTexts))
	for i := range vectors {
		vectors[i] = make([]float32, m.Dimensions)
		for j := range vectors[i] {
			vectors[i][j] = float32(random.NormFloat64())
		}
	}
	require.NoError(t, records.PutCanaries(ctx, reg, m, vectors, at))
	kept, err := records.Canaries(ctx, reg, m.Fingerprint())
	require.NoError(t, err)
	for i := range vectors {
		require.InDelta(t, 1, backends.CosineSimilarity(vectors[i], kept[i]), 1e-8)
	}

	other := [][]float32{{1}, {1}, {1}, {1}, {1}}
	require.NoError(t, records.PutCanaries(ctx, reg, m, other, at), "the first ones stay")
	again, err := records.Canaries(ctx, reg, m.Fingerprint())
	require.NoError(t, err)
	require.Equal(t, kept, again)
	require.ErrorIs(t, records.PutCanaries(ctx, reg, m, other[:2], at), backends.ErrInvalidVector)
}

func TestJobs(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	_, err := records.GetJob(ctx, reg, "j1")
	require.ErrorIs(t, err, backends.ErrNotFound)
	j := records.Job{ID: "j1", Run: "r", Namespace: "a", State: "FAILED", EndedAt: at, Status: json.RawMessage(`{"x":1}`)}
	put := func(j records.Job, before bool) {
		t.Helper()
		was, err := records.PutJob(ctx, reg, j)
		require.NoError(t, err)
		require.Equal(t, before, was)
	}
	put(j, false)
	j.Run, j.State = "r2", "COMPLETED"
	put(j, false)
	told := j
	told.EndedAt, told.Status = at.Add(time.Minute), json.RawMessage(`{ "x": 1 }`)
	put(told, true) // and the time of the first is kept
	put(records.Job{ID: "j2", EndedAt: at, Status: json.RawMessage(`null`)}, false)
	got, err := records.GetJob(ctx, reg, "j1")
	require.NoError(t, err)
	require.Equal(t, j, got)
	got, err = records.GetJob(ctx, reg, "j2")
	require.NoError(t, err)
	require.Equal(t, "j2", got.ID)
}

// A registry that fails, and records that are none, are errors of every reader
// and writer.
func TestEveryMoveTellsOfAFailedRegistry(t *testing.T) {
	t.Parallel()
	m := backends.Model{Name: "m"}
	for name, move := range map[string]func(context.Context, backends.Registry) error{
		"put quarantined": func(ctx context.Context, r backends.Registry) error {
			return records.PutQuarantined(ctx, r, "a", "f", records.Quarantined{ID: "i"})
		},
		"all quarantined": func(ctx context.Context, r backends.Registry) error {
			_, err := records.AllQuarantined(ctx, r, "a", "f")
			return err
		},
		"delete quarantined": func(ctx context.Context, r backends.Registry) error {
			return records.DeleteQuarantined(ctx, r, "a", "f", "i")
		},
		"canaries": func(ctx context.Context, r backends.Registry) error {
			_, err := records.Canaries(ctx, r, "f")
			return err
		},
		"put canaries": func(ctx context.Context, r backends.Registry) error {
			return records.PutCanaries(ctx, r, m, make([][]float32, len(records.CanaryTexts)), at)
		},
		"put job": func(ctx context.Context, r backends.Registry) error {
			_, err := records.PutJob(ctx, r, records.Job{ID: "j", Status: []byte("1")})
			return err
		},
		"get job": func(ctx context.Context, r backends.Registry) error {
			_, err := records.GetJob(ctx, r, "j")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := faulty.New(faulty.Fault{Err: backends.ErrUnavailable})
			require.ErrorIs(t, move(t.Context(), s.Registry(registry(t))), backends.ErrUnavailable)
		})
	}
}

// A record that somebody spoiled was tried again for as long as a job may run.
func TestSpoiledRecordsAreDamaged(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	for kind, key := range map[string]string{
		"lease": "a", "job": "j", "quarantine": "f/a/i",
		"canary": "f/" + backends.ContentHash(records.CanaryTexts[0]),
	} {
		_, err := reg.Put(ctx, kind, key, 0, []byte(`["spoiled"]`))
		require.NoError(t, err)
	}
	_, lease := records.GetLease(ctx, reg, "a")
	_, job := records.GetJob(ctx, reg, "j")
	_, quarantined := records.AllQuarantined(ctx, reg, "a", "f")
	_, canaries := records.Canaries(ctx, reg, "f")
	for _, err := range []error{lease, job, quarantined, canaries} {
		require.ErrorIs(t, err, backends.ErrDamaged)
		require.NotContains(t, err.Error(), "spoiled")
	}
}

// A driver may ask again for an answer that was lost, and lose against itself:
// the end was kept by this call, and not before it.
func TestEndThatWasPutByALostAnswer(t *testing.T) {
	t.Parallel()
	s := faulty.New(faulty.Fault{Operation: "Put", Nth: 1, When: faulty.After, Err: backends.ErrConflict})
	before, err := records.PutJob(t.Context(), s.Registry(registry(t)), records.Job{ID: "j", Status: []byte("1")})
	require.NoError(t, err)
	require.False(t, before)
	require.Equal(t, 1, s.Struck())
}

// A swap that is lost for ever ends as a conflict, not in an endless loop.
func TestOverwriteGivesUp(t *testing.T) {
	t.Parallel()
	s := faulty.New(faulty.Fault{Operation: "Put", Err: backends.ErrConflict})
	_, err := records.PutJob(t.Context(), s.Registry(registry(t)), records.Job{ID: "j", Status: []byte("1")})
	require.ErrorIs(t, err, backends.ErrConflict)
	require.Equal(t, 5, s.Struck())
}

func TestLease(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	holder := func(over bool, err error) func(context.Context, records.Lease) (bool, error) {
		return func(context.Context, records.Lease) (bool, error) { return over, err }
	}
	one, two := records.Lease{Job: "one", Run: "r1"}, records.Lease{Job: "two", Run: "r2"}
	_, err := records.GetLease(ctx, reg, "a")
	require.ErrorIs(t, err, backends.ErrNotFound)

	first, err := records.TakeLease(ctx, reg, "a", one, holder(false, errors.New("not asked")))
	require.NoError(t, err)
	require.NoError(t, records.CheckLease(ctx, reg, "a", first.Epoch))

	_, err = records.TakeLease(ctx, reg, "a", two, holder(false, nil))
	require.ErrorIs(t, err, backends.ErrConflict)
	require.ErrorContains(t, err, "one")
	errLook := errors.New("no answer")
	_, err = records.TakeLease(ctx, reg, "a", two, holder(false, errLook))
	require.ErrorIs(t, err, errLook)

	again, err := records.TakeLease(ctx, reg, "a", one, holder(false, nil))
	require.NoError(t, err, "a holder may take its own again")
	require.Greater(t, again.Epoch, first.Epoch)
	require.ErrorIs(t, records.CheckLease(ctx, reg, "a", first.Epoch), backends.ErrConflict)

	second, err := records.TakeLease(ctx, reg, "a", two, holder(true, nil))
	require.NoError(t, err)
	require.ErrorIs(t, records.CheckLease(ctx, reg, "a", again.Epoch), backends.ErrConflict, "a zombie is fenced")
	require.NoError(t, records.GiveBackLease(ctx, reg, "a", again.Epoch), "what is another's is left alone")
	require.NoError(t, records.CheckLease(ctx, reg, "a", second.Epoch))
	require.NoError(t, records.GiveBackLease(ctx, reg, "a", second.Epoch))
	require.ErrorIs(t, records.CheckLease(ctx, reg, "a", second.Epoch), backends.ErrConflict)
	require.NoError(t, records.GiveBackLease(ctx, reg, "a", second.Epoch), "twice is no error")

	third, err := records.TakeLease(ctx, reg, "a", one, holder(false, nil))
	require.NoError(t, err)
	require.Greater(t, third.Epoch, second.Epoch, "no epoch comes twice")
}
