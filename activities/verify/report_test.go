package verify_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
)

func found(kind verify.Kind, from, n int) verify.Report {
	var r verify.Report
	for i := range n {
		r.Found(verify.Finding{Kind: kind, ID: fmt.Sprint(from + i), Want: "c"})
	}
	return r
}

func TestBothKeepsWhatTwoLooksShare(t *testing.T) {
	t.Parallel()
	first, second := found(verify.Missing, 0, 3), found(verify.Missing, 2, 3)
	require.Equal(t, []verify.Finding{{Kind: verify.Missing, ID: "2", Want: "c"}}, verify.Both(first, second))

	changed := found(verify.Missing, 0, 3)
	for i := range changed.Findings {
		changed.Findings[i].Want = "another text by now"
	}
	require.Empty(t, verify.Both(first, changed))
	require.Empty(t, verify.Both(first, found(verify.Stale, 0, 3)))
	require.Empty(t, verify.Both(verify.Report{}, second))
}

// TestBothOverABusyStore guards jobs over a store that is written to: each look
// finds more than it names, and always others, and that is not wrong twice.
func TestBothOverABusyStore(t *testing.T) {
	t.Parallel()
	first, second := found(verify.Stale, 0, 5000), found(verify.Stale, 5000, 5000)
	require.EqualValues(t, 5000, first.Wrong())
	require.Empty(t, verify.Both(first, second))
	require.Empty(t, verify.Both(first, found(verify.Stale, 9000, 1)))
}

// TestBothOfMoreThanReportsName guards against a fault that no sync mends, in more
// records than a report names: two looks name the same of them, in whatever order
// and parts they came.
func TestBothOfMoreThanReportsName(t *testing.T) {
	t.Parallel()
	whole := found(verify.Missing, 0, 5000)
	var parts verify.Report
	for _, from := range []int{4000, 1000, 0, 3000, 2000} {
		parts.Merge(found(verify.Missing, from, 1000))
	}
	var once verify.Report
	once.Merge(whole)
	require.Len(t, verify.Both(once, parts), 200, "all that are named")

	// Half of it is mended, and others come: what lasts is seen in about its share.
	var other verify.Report
	other.Merge(found(verify.Missing, 2500, 5000))
	lasting := verify.Both(once, other)
	require.Greater(t, len(lasting), 20)
	for _, f := range lasting {
		var n int
		_, err := fmt.Sscan(f.ID, &n)
		require.NoError(t, err)
		require.True(t, 2500 <= n && n < 5000, f.ID)
	}
}

// TestFindingsAreBounded guards the memory of a look at a generation in which all is wrong.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	var r verify.Report
	for i := range 10_000 {
		r.Found(verify.Finding{Kind: verify.Extra, ID: fmt.Sprint(i)})
		require.LessOrEqual(t, len(r.Findings), 400)
	}
	require.EqualValues(t, 10_000, r.Wrong())
	few := verify.Few(r.Findings, 50, 1000)
	require.Len(t, few, 50)
	require.Equal(t, few[:10], verify.Few(few, 10, 1000), "the few of the few are the few of all")
	require.Equal(t, few, verify.Few(few, 50, 1000), "they fit")
	short := verify.Few(few, 50, 20)
	require.Equal(t, few[:len(short)], short, "bounded by the bytes of their ids")
	require.True(t, 3 < len(short) && len(short) < 20, len(short))
}

func TestMergeAddsUp(t *testing.T) {
	t.Parallel()
	recall := 0.95
	total := verify.Report{}
	total.Merge(verify.Report{Items: 3, Quarantined: 1, Counts: map[verify.Kind]int64{verify.Extra: 2}})
	total.Merge(verify.Report{Records: 4, Counts: map[verify.Kind]int64{verify.Extra: 1, verify.Drift: 1}})
	total.Merge(verify.Report{Sampled: 5, MinCosine: 0.9, Searched: 5, ANNRecall: &recall, Quality: &verify.Quality{Queries: 1}})
	total.Merge(verify.Report{Sampled: 5, MinCosine: 0.99})
	total.Merge(verify.Report{Items: 1})
	require.Equal(t, verify.Report{
		Items: 4, Records: 4, Quarantined: 1, Counts: map[verify.Kind]int64{verify.Extra: 3, verify.Drift: 1},
		Sampled: 10, MinCosine: 0.9, Searched: 5, ANNRecall: &recall, Quality: &verify.Quality{Queries: 1},
	}, total)
	total.Merge(found(verify.Missing, 0, 500))
	require.LessOrEqual(t, len(total.Findings), 200)
	require.EqualValues(t, 504, total.Wrong())
}

func TestCleanAndSummary(t *testing.T) {
	t.Parallel()
	r := verify.Report{}
	require.True(t, r.Clean())
	require.Equal(t, "nothing missing, extra, stale or of another model", r.Summary())
	r.Quality = &verify.Quality{Failed: []string{"too bad"}}
	require.False(t, r.Clean())
	r = found(verify.ANN, 0, 1)
	r.Found(verify.Finding{Kind: verify.Stale})
	require.False(t, r.Clean())
	require.Equal(t, "stale 1, ann 1", r.Summary())
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	var back verify.Report
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, r, back)
}
