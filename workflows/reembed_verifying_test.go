package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/workflows"
)

// TestFindingsAreLookedAtTwice guards verification on a moving store: a finding
// counts when it is still there after another sync.
func TestFindingsAreLookedAtTwice(t *testing.T) {
	t.Parallel()
	stale := func(id string) workflows.Verification { return finding(verify.Stale, id) }
	foreign := func(id string) workflows.Verification { return finding(verify.Foreign, id) }
	many := func(n int64, named string) workflows.Verification { // more than are named
		r := stale(named)
		r.Counts[verify.Stale] = n
		return r
	}
	for name, c := range map[string]struct {
		reports []workflows.Verification
		code    string // "": completed
		looks   int
		passes  int
	}{
		"another one, while items move":                    {[]workflows.Verification{stale("a"), stale("b")}, "", 2, 4},
		"another one, of a kind that no application makes": {[]workflows.Verification{stale("a"), foreign("b")}, "", 2, 4},
		"always another of that kind":                      {[]workflows.Verification{foreign("a"), foreign("b"), foreign("c"), foreign("d"), foreign("e")}, "", 2, 4},
		"clean":                                            {nil, "", 1, 2},
		"mended":                                           {[]workflows.Verification{stale("a")}, "", 2, 3},
		"another one":                                      {[]workflows.Verification{stale("a"), stale("b")}, "", 2, 4},
		"another that stays":                               {[]workflows.Verification{stale("a"), stale("stays")}, activities.CodeVerification, 2, 4},
		"the same":                                         {[]workflows.Verification{stale("a"), stale("a")}, activities.CodeVerification, 2, 3},
		"always another":                                   {[]workflows.Verification{stale("a"), stale("b"), stale("c"), stale("d"), stale("e")}, "", 2, 4},
		"always many others":                               {[]workflows.Verification{many(900, "a"), many(900, "b"), many(900, "c"), many(900, "d"), many(900, "e"), many(900, "f"), stale("g")}, "", 7, 9},
		"many, the same":                                   {[]workflows.Verification{many(9000, "a"), many(9000, "a")}, activities.CodeVerification, 2, 3},
		"many, but others":                                 {[]workflows.Verification{many(900, "a"), many(9000, "b")}, "", 3, 4},
		"a sample drifts":                                  {[]workflows.Verification{finding(verify.Drift, "a"), finding(verify.Drift, "b")}, activities.CodeVerification, 2, 3},
		"searches don't find":                              {[]workflows.Verification{finding(verify.Search, "a"), finding(verify.Search, "b")}, activities.CodeVerification, 2, 3},
		"drift, then none":                                 {[]workflows.Verification{finding(verify.Drift, "a")}, "", 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.reports, s.still = c.reports, map[string]bool{"stays": true}
			status := s.play()
			require.Equal(t, c.code, status.ErrorCode, status.Reason)
			require.Equal(t, c.looks, s.looks)
			require.Equal(t, c.passes, s.passes)
			require.NotNil(t, status.Verification)
			if c.code == "" {
				require.Equal(t, workflows.Completed, status.State)
				require.Zero(t, status.Verification.Counts[verify.Foreign])
				require.LessOrEqual(t, status.Verification.Wrong(), int64(10), "no more than a pass may leave")
				return
			}
			require.Equal(t, workflows.Failed, status.State)
			require.Zero(t, s.called("Switch"))
			require.Positive(t, status.Verification.Wrong(), "what was found is in the status")
		})
	}
}

func TestQualityBelowItsBoundsEndsTheJob(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.quality = &verify.Quality{Queries: 9, Failed: []string{"nDCG@10 falls by 0.2"}}
	status := s.play()
	require.Equal(t, activities.CodeVerification, status.ErrorCode)
	require.Contains(t, status.Reason, "nDCG@10 falls by 0.2")
	require.Equal(t, 1, s.looks, "no sync makes a model better")
	require.Zero(t, s.called("Switch"))
}
