package backendtest

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// testUpsertRefused puts each bad record behind good ones: none is written.
func testUpsertRefused(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	before := recordsOf("a", "b")
	require.NoError(t, g.Upsert(t.Context(), before))

	type bad struct {
		record backends.Record
		want   error
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	cases := map[string]bad{
		"short":        {backends.Record{ID: "x", Vector: []float32{1, 2, 3}}, backends.ErrDimension},
		"long":         {backends.Record{ID: "x", Vector: []float32{1, 2, 3, 4, 5}}, backends.ErrDimension},
		"no vector":    {backends.Record{ID: "x"}, backends.ErrDimension},
		"NaN":          {backends.Record{ID: "x", Vector: []float32{1, 2, 3, nan}}, backends.ErrInvalidVector},
		"infinite":     {backends.Record{ID: "x", Vector: []float32{inf, 2, 3, 4}}, backends.ErrInvalidVector},
		"negative inf": {backends.Record{ID: "x", Vector: []float32{1, -inf, 3, 4}}, backends.ErrInvalidVector},
	}
	for name, id := range badIDs {
		cases["id "+name] = bad{record(id, "x"), backends.ErrInvalidInput}
	}
	for name, c := range cases {
		for _, batch := range [][]backends.Record{
			{c.record},
			{record("a", "changed"), record("new", "new"), c.record},
			{c.record, record("a", "changed"), record("new", "new")},
		} {
			require.ErrorIs(t, g.Upsert(t.Context(), batch), c.want, name)
		}
		requireRecords(t, g, before)
	}
	require.ErrorIs(t, g.Upsert(cancelled(t), recordsOf("new")), context.Canceled)
	require.ErrorIs(t, g.Delete(cancelled(t), []string{"a"}), context.Canceled)
	requireRecords(t, g, before)
}

func testSearchRefused(t *testing.T, p Place[backends.Index]) {
	g := create(t, p.Open(t, "ns"), model(""))
	good := []float32{1, 2, 3, 4}
	hits, err := g.Search(t.Context(), backends.Query{Vector: good, K: 5})
	require.NoError(t, err)
	require.Empty(t, hits, "nothing is there yet")
	require.NoError(t, g.Upsert(t.Context(), recordsOf("a")))
	for name, c := range map[string]struct {
		query backends.Query
		want  error
	}{
		"short":    {backends.Query{Vector: good[:3], K: 1}, backends.ErrDimension},
		"long":     {backends.Query{Vector: append(good[:4:4], 5), K: 1}, backends.ErrDimension},
		"empty":    {backends.Query{K: 1}, backends.ErrDimension},
		"no K":     {backends.Query{Vector: good}, backends.ErrInvalidInput},
		"K below":  {backends.Query{Vector: good, K: -1}, backends.ErrInvalidInput},
		"NaN":      {backends.Query{Vector: []float32{1, 2, 3, float32(math.NaN())}, K: 1}, backends.ErrInvalidVector},
		"infinite": {backends.Query{Vector: []float32{1, 2, 3, float32(math.Inf(-1))}, K: 1}, backends.ErrInvalidVector},
	} {
		_, err := g.Search(t.Context(), c.query)
		require.ErrorIs(t, err, c.want, name)
	}
}
