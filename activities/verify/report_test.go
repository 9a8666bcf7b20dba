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

// Two looks that each found a thousand may name different ones: that none is
// named twice is no proof that none was found twice.
func TestBothOfMoreThanReportsName(t *testing.T) {
	t.Parallel()
	first, second := found(verify.Missing, 0, 1000), found(verify.Missing, 900, 50)
	require.Less(t, len(first.Findings), 1000)
	require.EqualValues(t, 1000, first.Wrong())
	require.Len(t, verify.Both(first, second), 50)
	require.Empty(t, verify.Both(first, found(verify.Extra, 900, 50)), "of another kind")
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
