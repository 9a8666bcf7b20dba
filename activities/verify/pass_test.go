package verify_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

func TestEachKindOfWrongIsFound(t *testing.T) {
	t.Parallel()
	want := func(k verify.Kind, i int) verify.Finding {
		return verify.Finding{Kind: k, ID: id(i), Want: backends.ContentHash(text(i))}
	}
	for _, tt := range []struct {
		name  string
		spoil func(w *world)
		want  []verify.Finding
	}{
		{"nothing", func(*world) {}, nil},
		{"missing", func(w *world) { w.forget(id(3)) }, []verify.Finding{want(verify.Missing, 3)}},
		{"extra", func(w *world) { w.store("zz", "x") }, []verify.Finding{{Kind: verify.Extra, ID: "zz"}}},
		{"stale", func(w *world) { w.store(id(4), "another text") }, []verify.Finding{want(verify.Stale, 4)}},
		{
			"of another model", func(w *world) {
				r := w.record(id(5), text(5))
				r.Stamp.Fingerprint = "another"
				w.upsert(r)
			},
			[]verify.Finding{want(verify.Foreign, 5)},
		},
		{
			"without a stamp", func(w *world) {
				r := w.record(id(5), text(5))
				r.Stamp = backends.Stamp{}
				w.upsert(r)
			},
			[]verify.Finding{want(verify.Foreign, 5)},
		},
		{
			"another payload", func(w *world) {
				it := backends.Item{ID: id(6), Text: text(6), Payload: []byte("new")}
				require.NoError(w.t, w.source.PutItems(w.t.Context(), []backends.Item{it}))
			},
			[]verify.Finding{want(verify.Payload, 6)},
		},
		{
			"a record of an item that can't be embedded any more", func(w *world) {
				it := backends.Item{ID: id(7), Text: text(7), Defect: "NULL text"}
				require.NoError(w.t, w.source.PutItems(w.t.Context(), []backends.Item{it}))
			},
			[]verify.Finding{want(verify.Stale, 7)},
		},
		{
			"a vector that is not normalised", func(w *world) {
				r := w.record(id(8), text(8))
				for i := range r.Vector {
					r.Vector[i] *= 2
				}
				w.upsert(r)
			},
			[]verify.Finding{want(verify.Vector, 8)},
		},
		{
			"a vector of zeros", func(w *world) {
				r := w.record(id(8), text(8))
				clear(r.Vector)
				w.upsert(r)
			},
			[]verify.Finding{want(verify.Vector, 8)},
		},
		{
			"several", func(w *world) { w.forget(id(0)); w.forget(id(19)); w.drop(id(10)) },
			[]verify.Finding{want(verify.Missing, 0), want(verify.Missing, 19), {Kind: verify.Extra, ID: id(10)}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 20)
			tt.spoil(w)
			got := w.all(verify.Options{PageItems: 3})
			require.Equal(t, tt.want, got.Findings)
			require.EqualValues(t, len(tt.want), got.Wrong())
			require.Equal(t, len(tt.want) == 0, got.Clean())
			items, _, err := w.source.Count(t.Context())
			require.NoError(t, err)
			records, err := w.target.Count(t.Context())
			require.NoError(t, err)
			require.Equal(t, items, got.Items)
			require.Equal(t, records, got.Records)
		})
	}
}

func TestVerificationOfNothing(t *testing.T) {
	t.Parallel()
	got := newWorld(t, 0).all(verify.Options{})
	require.True(t, got.Clean())
	require.Zero(t, got.Items)
}

// A store that says one length in its stamps' table and holds another: dimensions
// can only be wrong behind the driver's back.
func TestVectorOfAnotherLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	p := w.pair()
	p.Target = shortened{w.target}
	got, err := verify.All(t.Context(), p, verify.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 5, got.Counts[verify.Vector])
}

type shortened struct{ backends.Generation }

func (s shortened) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	rs, err := s.Generation.Fetch(ctx, ids)
	for i := range rs {
		rs[i].Vector = rs[i].Vector[1:]
	}
	return rs, err
}

func TestQuarantinedItemsAreNotMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6)
	w.forget(id(1))
	w.forget(id(2))
	w.store(id(3), "another")
	got := w.all(verify.Options{Known: map[string]string{
		id(1): backends.ContentHash(text(1)),
		id(2): backends.ContentHash("a text that was mended"),
		id(3): backends.ContentHash(text(3)), // has a record all the same
	}})
	require.EqualValues(t, 1, got.Quarantined)
	require.Equal(t, map[verify.Kind]int64{verify.Missing: 1, verify.Stale: 1}, got.Counts)
	require.Equal(t, id(2), got.Findings[0].ID)
}

// What is mended between the two looks is no finding; nor is what changes in a
// right way while it is looked at.
func TestTheSecondLookDecides(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(w *world)
		after string // the call behind which it is mended
		mend  func(w *world)
	}{
		{"missing", func(w *world) { w.forget(id(2)) }, "Stamps", func(w *world) { w.store(id(2), text(2)) }},
		{"missing, and then deleted", func(w *world) { w.forget(id(2)) }, "Stamps", func(w *world) { w.drop(id(2)) }},
		{"stale", func(w *world) { w.store(id(2), "old") }, "Stamps", func(w *world) { w.store(id(2), text(2)) }},
		{"extra", func(w *world) { w.drop(id(2)) }, "Lookup", func(w *world) { w.put(id(2), text(2)) }},
		{"extra, and then deleted", func(w *world) { w.drop(id(2)) }, "Lookup", func(w *world) { w.forget(id(2)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 5)
			tt.spoil(w)
			direction := verify.Forward
			if tt.after == "Lookup" {
				direction = verify.Backward
			}
			s := faulty.New(faulty.Fault{Operation: tt.after, Nth: 1, When: faulty.After, Do: func(context.Context, faulty.Call) error {
				tt.mend(w)
				return nil
			}})
			p := w.pair()
			p.Source, p.Target = s.Source(w.source), s.Generation(w.target)
			got, err := direction(t.Context(), p, backends.Range{}, "", verify.Options{})
			require.NoError(t, err)
			require.Equal(t, 1, s.Struck())
			require.Empty(t, got.Report.Findings)
		})
	}
}

func TestPassesGoOnFromAnyCursor(t *testing.T) {
	t.Parallel()
	for name, direction := range map[string]func(context.Context, verify.Pair, backends.Range, backends.Cursor, verify.Options) (verify.Result, error){
		"forward": verify.Forward, "backward": verify.Backward,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 23)
			w.forget(id(1))
			w.drop(id(2))
			var total verify.Report
			var cursor backends.Cursor
			seen := 0
			o := verify.Options{PageItems: 4, MaxItems: 8, Seen: func(backends.Cursor, verify.Report) { seen++ }}
			for rounds := 1; ; rounds++ {
				require.LessOrEqual(t, rounds, 4)
				got, err := direction(t.Context(), w.pair(), backends.Range{}, cursor, o)
				require.NoError(t, err)
				total.Merge(got.Report)
				cursor = got.Cursor
				if got.Done {
					break
				}
			}
			require.EqualValues(t, 22, total.Items+total.Records)
			require.EqualValues(t, 1, total.Wrong())
			require.Equal(t, 6, seen)
		})
	}
}

func TestPassesHandBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 40)
		s := faulty.New(faulty.Fault{Operation: "Stamps", Delay: 3 * time.Second}, faulty.Fault{Operation: "Fetch", Delay: 3 * time.Second})
		p := w.pair()
		p.Target = s.Generation(w.target)
		o := verify.Options{PageItems: 4, Budget: 7 * time.Second}
		got, err := verify.Forward(t.Context(), p, backends.Range{}, "", o)
		require.NoError(t, err)
		require.False(t, got.Done)
		require.EqualValues(t, 12, got.Report.Items)
		got, err = verify.Backward(t.Context(), p, backends.Range{}, "", o)
		require.NoError(t, err)
		require.False(t, got.Done)
		require.EqualValues(t, 12, got.Report.Records)

		stop := make(chan struct{})
		close(stop)
		o.Stop = stop
		got, err = verify.Forward(t.Context(), p, backends.Range{}, "", o)
		require.NoError(t, err)
		require.Equal(t, verify.Result{}, got)
	})
}

func TestEachCallOfAPassFails(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ReadPage", "Stamps", "ReadStamps", "Fetch", "Lookup"} {
		for nth := 1; nth <= 2; nth++ {
			t.Run(fmt.Sprint(operation, nth), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 10)
				w.forget(id(1)) // so that there is a second look
				w.drop(id(2))
				s := faulty.New(faulty.Fault{Operation: operation, Nth: nth, Err: backends.ErrUnavailable})
				p := w.pair()
				p.Source, p.Target = s.Source(w.source), s.Generation(w.target)
				got, err := verify.All(t.Context(), p, verify.Options{PageItems: 4})
				require.ErrorIs(t, err, backends.ErrUnavailable)
				require.Less(t, got.Items+got.Records, int64(18))
			})
		}
	}
}

// A page of long vectors is kept short.
func TestPagesAreBoundedByTheirVectors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30)
	p := w.pair()
	p.Model.Dimensions = 1 << 20 // four of them are the bound
	s := faulty.New()
	p.Target = s.Generation(w.target)
	_, err := verify.Backward(t.Context(), p, backends.Range{}, "", verify.Options{})
	require.NoError(t, err)
	for _, c := range s.Calls() {
		if c.Operation == "Fetch" {
			require.LessOrEqual(t, c.Items, 4)
		}
	}
}

// A page of records was looked up in one go, with all texts of the page.
func TestBackwardHoldsFewTextsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 120)
	p := w.pair()
	s := faulty.New()
	p.Source = s.Source(w.source)
	got, err := verify.Backward(t.Context(), p, backends.Range{}, "", verify.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 120, got.Report.Records)
	require.True(t, got.Report.Clean())
	asked := 0
	for _, c := range s.Calls() {
		require.LessOrEqual(t, c.Items, 50)
		asked += c.Items
	}
	require.Equal(t, 120, asked)
}

func TestAllTellsOfBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	w.forget(id(0))
	var last verify.Report
	got := w.all(verify.Options{PageItems: 4, MaxItems: 1, Seen: func(_ backends.Cursor, r verify.Report) { last = r }})
	require.Equal(t, got, last)
	require.EqualValues(t, 10, got.Items, "bounds of a share do not cut a whole verification short")
}
