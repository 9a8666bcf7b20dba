package verify

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/reembed/reembed/backends"
)

// maxFindings bounds how many findings a report names; the counts go on.
const maxFindings = 200

// maxFindingBytes is what the longest ids of them have.
const maxFindingBytes = maxFindings * backends.MaxIDBytes

// Few returns at most n of the findings, with ids of at most so many bytes in
// all. Which ones, is decided by themselves: those with the lowest hash, in the
// order of it. So two looks that each find far more than they name name the same
// of what both found, and the few of several parts are the few of the whole.
func Few(findings []Finding, n, bytes int) []Finding {
	all := 0
	for _, f := range findings {
		all += len(f.ID)
	}
	if len(findings) <= n && all <= bytes {
		return findings
	}
	type ranked struct {
		Finding
		rank uint64
	}
	order := make([]ranked, len(findings))
	for i, f := range findings {
		order[i] = ranked{f, f.rank()}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var few []Finding
	for _, f := range order {
		if bytes -= len(f.ID); bytes < 0 || len(few) == n {
			break
		}
		few = append(few, f.Finding)
	}
	return few
}

func (f Finding) rank() uint64 {
	h := fnv.New64a()
	for _, part := range []string{string(f.Kind), f.ID, f.Want} {
		_, _ = h.Write(append([]byte(part), 0))
	}
	return h.Sum64()
}

// Both returns the findings that two looks share: wrong in the same way, for the
// same text, although a sync ran between. What only one of them names is not
// among them, also where they found more than they name: over a busy store each
// look finds others. It may miss a few that last among many that pass; those are
// named when there are few.
func Both(first, second Report) []Finding {
	before := make(map[Finding]struct{}, len(first.Findings))
	for _, f := range first.Findings {
		before[f] = struct{}{}
	}
	var both []Finding
	for _, f := range second.Findings {
		if _, twice := before[f]; twice {
			both = append(both, f)
		}
	}
	return both
}
