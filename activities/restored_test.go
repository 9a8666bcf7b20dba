package activities_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// apart is a store whose items lie in another file than generations and registry.
type apart struct{ items, vectors *sqlite.Store }

func (s apart) Source(catalog.Namespace) (backends.Source, error) {
	return s.items.Source(sqlite.Table{Name: "docs"})
}

func (s apart) Index(ns catalog.Namespace) (backends.Index, error) {
	return s.vectors.Index(ns.Name), nil
}

func (s apart) Registry() (backends.Registry, error) { return s.vectors.Registry(), nil }
func (s apart) Close() error                         { return nil }

// restoredHouse has its store in two files of a folder.
func restoredHouse(t *testing.T, dir string) (*house, apart) {
	t.Helper()
	open := func(file string) *sqlite.Store {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(dir, file)})
		require.NoError(t, err)
		return s
	}
	h, two := newHouse(t), apart{items: open("items.db"), vectors: open("vectors.db")}
	spec := h.catalog.Stores["main"]
	spec.Open = func(context.Context) (catalog.Store, error) { return two, nil }
	h.catalog.Stores["main"] = spec
	return h, two
}

// TestRestoredGenerationsAreHealed: the file of generations and registry is put
// back to what it was, while the items, in another file, went on: inserts, edits
// and deletes of the time between were in step once, and nobody knows that they
// are not any more. The next pass finds them by the stamps, and no others.
func TestRestoredGenerationsAreHealed(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	h, two := restoredHouse(t, dir)
	items := func(two apart) *sqlite.Source {
		s, err := two.items.Source(sqlite.Table{Name: "docs"})
		require.NoError(t, err)
		return s
	}
	put := func(two apart, from, to int, text string) {
		t.Helper()
		var all []backends.Item
		for i := from; i < to; i++ {
			all = append(all, backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: fmt.Sprintf("%s number %d", text, i)})
		}
		require.NoError(t, items(two).PutItems(ctx, all))
	}
	// sync is a job's pass over everything.
	sync := func(h *house, two apart) activities.Counts {
		t.Helper()
		job := activities.Job{
			ID: "job", Run: "first", Namespace: "docs", To: newer, Fingerprint: newer.Fingerprint(),
			Locator: two.vectors.Index("docs").Locator(newer), BatchSize: 10, MaxFailedItems: 3,
		}
		l, err := records.TakeLease(ctx, two.vectors.Registry(), "docs", records.Lease{Job: job.ID, Run: job.Run}, nil)
		require.NoError(t, err)
		job.Epoch = l.Epoch
		_, err = run[any](h, nil, h.acts.Prepare, job)
		require.NoError(t, err)
		var sum activities.Counts
		for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward} {
			got, err := h.segment(nil, job, task, "")
			require.NoError(t, err)
			require.True(t, got.Done)
			sum.Add(got.Counts)
		}
		g, err := two.vectors.Index("docs").Open(ctx, job.Locator)
		require.NoError(t, err)
		report, err := verify.All(ctx, verify.Pair{Source: items(two), Target: g, Model: newer}, verify.Options{})
		require.NoError(t, err)
		require.True(t, report.Clean(), report.Summary())
		return sum
	}

	put(two, 0, 100, "the text")
	require.EqualValues(t, 100, sync(h, two).Embedded)
	require.NoError(t, two.vectors.Close())
	backup, err := os.ReadFile(filepath.Join(dir, "vectors.db"))
	require.NoError(t, err)
	require.NoError(t, two.items.Close())

	h, two = restoredHouse(t, dir)
	put(two, 0, 7, "the edited text")
	put(two, 100, 105, "the new text")
	require.NoError(t, items(two).DeleteItems(ctx, []string{"id-0050", "id-0051", "id-0052"}))
	require.EqualValues(t, 12, sync(h, two).Embedded)
	require.NoError(t, two.vectors.Close())
	require.NoError(t, two.items.Close())

	for _, left := range []string{"-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "vectors.db"+left)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vectors.db"), backup, 0o600))
	h, two = restoredHouse(t, dir)
	healed := sync(h, two)
	require.EqualValues(t, 12, healed.Embedded, "what was edited or new, once more")
	require.EqualValues(t, 3, healed.Deleted)
	require.EqualValues(t, 90, healed.Current, "the rest is right")
	require.Zero(t, sync(h, two).Embedded)
	require.NoError(t, two.vectors.Close())
	require.NoError(t, two.items.Close())
}
