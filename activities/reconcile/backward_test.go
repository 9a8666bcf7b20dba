package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/stores/memory"
)

// abandoned is a world of 40 records, of which every fourth has lost its item.
func abandoned(t *testing.T) *world {
	w := newWorld(t, memory.Config{})
	for i := range 40 {
		id, text := fmt.Sprintf("id-%03d", i), fmt.Sprintf("text %03d", i)
		w.stored(id, text, testModel.Fingerprint())
		if i%4 != 0 {
			w.put(item(id, text))
		}
	}
	return w
}

func TestBackwardDeletesWhatTheSourceLost(t *testing.T) {
	t.Parallel()
	w := abandoned(t)
	got, err := reconcile.Backward(t.Context(), w.pair(), backends.Range{}, "", w.options())
	require.NoError(t, err)
	require.True(t, got.Done)
	require.Equal(t, reconcile.Counts{Scanned: 40, Deleted: 10}, got.Counts)
	w.requireRight()
}

func TestBackwardGoesOnFromAnyCursor(t *testing.T) {
	t.Parallel()
	w := abandoned(t)
	o := w.options()
	o.MaxItems = 8
	var reported backends.Cursor
	o.Report = func(r reconcile.Result) { reported = r.Cursor }
	var total reconcile.Counts
	var cursor backends.Cursor
	for rounds := 1; ; rounds++ {
		got, err := reconcile.Backward(t.Context(), w.pair(), backends.Range{}, cursor, o)
		require.NoError(t, err)
		require.Equal(t, reported, got.Cursor)
		total.Add(got.Counts)
		cursor = got.Cursor
		if got.Done {
			require.Equal(t, 5, rounds)
			break
		}
	}
	require.Equal(t, reconcile.Counts{Scanned: 40, Deleted: 10}, total)
	w.requireRight()
}

// An item that comes back between the two looks keeps its record.
func TestBackwardLooksTwice(t *testing.T) {
	t.Parallel()
	w := abandoned(t)
	s := faulty.New(faulty.Fault{Operation: "Lookup", Nth: 1, When: faulty.After, Do: func(context.Context, faulty.Call) error {
		w.put(item("id-004", "text 004"))
		return nil
	}})
	pair := w.pair()
	pair.Source = s.Source(w.source)
	got, err := reconcile.Backward(t.Context(), pair, backends.Range{}, "", w.options())
	require.NoError(t, err)
	require.EqualValues(t, 9, got.Counts.Deleted)
	w.requireRight()
}

func TestBackwardHandsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := abandoned(t)
		stop := make(chan struct{})
		s := faulty.New(faulty.Fault{Operation: "Lookup", Nth: 3, Do: func(context.Context, faulty.Call) error {
			close(stop)
			return nil
		}})
		pair := w.pair()
		pair.Source, pair.Target = s.Source(w.source), s.Generation(w.target)
		o := w.options()
		o.Stop = stop
		got, err := reconcile.Backward(t.Context(), pair, backends.Range{}, "", o)
		require.NoError(t, err)
		require.False(t, got.Done)
		require.EqualValues(t, 16, got.Counts.Scanned, "the page at hand is finished")

		s.Add(faulty.Fault{Operation: "ReadStamps", Delay: 3 * time.Second})
		o.Stop, o.Budget = nil, 5*time.Second
		got, err = reconcile.Backward(t.Context(), pair, backends.Range{}, got.Cursor, o)
		require.NoError(t, err)
		require.False(t, got.Done)
		require.EqualValues(t, 16, got.Counts.Scanned)
	})
}

func TestBackwardWriteThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := abandoned(t)
		s := faulty.New(faulty.Fault{Operation: "Delete", Hang: true})
		pair := w.pair()
		pair.Target = s.Generation(w.target)
		_, err := reconcile.Backward(t.Context(), pair, backends.Range{}, "", w.options())
		require.ErrorIs(t, err, backends.ErrUnavailable)
	})
}

// brought records how much each lookup brought.
type brought struct {
	backends.Source
	bytes []int
	items []int
}

func (b *brought) Lookup(ctx context.Context, ids []string) ([]backends.Item, error) {
	items, err := b.Source.Lookup(ctx, ids)
	n := 0
	for _, it := range items {
		n += it.Bytes()
	}
	b.bytes, b.items = append(b.bytes, n), append(b.items, len(ids))
	return items, err
}

// A page of ids of long texts was looked up in one go: a thousand texts of a
// megabyte were a gigabyte.
func TestBackwardBoundsWhatItsLooksBring(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Config{})
	long := strings.Repeat("long ", 40)
	for i := range 400 {
		id, text := fmt.Sprintf("id-%03d", i), "short"
		if i >= 200 {
			text = long
		}
		w.stored(id, text, testModel.Fingerprint())
		w.put(item(id, text))
	}
	source := &brought{Source: w.source}
	pair, o := w.pair(), w.options()
	pair.Source = source
	o.PageItems, o.MemoryBytes = 100, 40_000
	got, err := reconcile.Backward(t.Context(), pair, backends.Range{}, "", o)
	require.NoError(t, err)
	require.Equal(t, reconcile.Counts{Scanned: 400}, got.Counts)
	require.Equal(t, 100, slices.Max(source.items), "short ones come by the page")
	require.Equal(t, 10, source.items[0])
	// The first of the long ones come as many as short ones did.
	require.LessOrEqual(t, slices.Max(source.bytes), 100*(len(long)+6))
	require.LessOrEqual(t, slices.Max(source.bytes[len(source.bytes)-5:]), 40_000/4)
}
