package verify

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind is what is wrong with an item or a record.
type Kind string

// The kinds of findings.
const (
	Missing Kind = "missing" // item without a record
	Extra   Kind = "extra"   // record without an item
	Stale   Kind = "stale"   // made from another text
	Foreign Kind = "foreign" // made by another model, or without a stamp of ours
	Payload Kind = "payload" // copied payload differs
	Vector  Kind = "vector"  // wrong dimensions, NaN, infinite, zero, or not normalised as declared
	Drift   Kind = "drift"   // a fresh embedding of the text is another vector
	Search  Kind = "search"  // the generation does not find the record by its own vector
	ANN     Kind = "ann"     // approximate search finds too few of the nearest; of no item
)

// Finding is one thing that is wrong. Want is the content hash that the item
// has now, so that two looks can be compared; it is empty for an extra record.
type Finding struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	Want string `json:"want,omitempty"`
}

// Report is what a verification found.
type Report struct {
	Items   int64          `json:"items"`   // items looked at
	Records int64          `json:"records"` // records looked at
	Counts  map[Kind]int64 `json:"counts,omitempty"`
	// Findings names them, or some, always the same of the same: see Few.
	Findings    []Finding `json:"findings,omitempty"`
	Moving      int64     `json:"moving,omitempty"`      // wrong by a change that the source has told, and the next sync brings
	Quarantined int64     `json:"quarantined,omitempty"` // items without a vector, known and refused by the provider
	Sampled     int       `json:"sampled,omitempty"`     // items that were embedded again
	MinCosine   float64   `json:"min_cosine,omitempty"`  // the worst of them; 1 is the same
	Searched    int       `json:"searched,omitempty"`    // sampled records that were searched for
	ANNRecall   *float64  `json:"ann_recall,omitempty"`  // recall@10 against exact search; absent where searches are exact
	Quality     *Quality  `json:"quality,omitempty"`     // where the namespace has golden queries
}

// Quality compares two models on a namespace's golden queries.
type Quality struct {
	Queries int      `json:"queries"`
	Before  *Scores  `json:"before,omitempty"` // of the active generation
	After   Scores   `json:"after"`
	Failed  []string `json:"failed,omitempty"` // the bounds that were not met, in words
}

// Scores are means over the queries.
type Scores struct {
	NDCG10   float64 `json:"ndcg_at_10"`
	Recall10 float64 `json:"recall_at_10"`
}

// Clean reports whether nothing is wrong.
func (r *Report) Clean() bool {
	return r.Wrong() == 0 && (r.Quality == nil || len(r.Quality.Failed) == 0)
}

// Wrong is the number of findings, named or not.
func (r *Report) Wrong() int64 {
	var n int64
	//workflowcheck:ignore a sum does not depend on the order
	for _, c := range r.Counts {
		n += c
	}
	return n
}

// Found adds a finding.
func (r *Report) Found(f Finding) {
	if r.Counts == nil {
		r.Counts = map[Kind]int64{}
	}
	r.Counts[f.Kind]++
	r.Findings = append(r.Findings, f)
	if len(r.Findings) >= 2*maxFindings { // not at each one: it sorts
		r.Findings = Few(r.Findings, maxFindings, maxFindingBytes)
	}
}

// Merge adds the report of another part of the key space, or of a sample.
func (r *Report) Merge(o Report) {
	if o.Sampled > 0 && (r.Sampled == 0 || o.MinCosine < r.MinCosine) {
		r.MinCosine = o.MinCosine
	}
	r.Items += o.Items
	r.Records += o.Records
	r.Moving += o.Moving
	r.Quarantined += o.Quarantined
	r.Sampled += o.Sampled
	r.Searched += o.Searched
	r.ANNRecall = cmp.Or(o.ANNRecall, r.ANNRecall)
	r.Quality = cmp.Or(o.Quality, r.Quality)
	if len(o.Counts) > 0 && r.Counts == nil {
		r.Counts = map[Kind]int64{}
	}
	//workflowcheck:ignore sums do not depend on the order
	for k, n := range o.Counts {
		r.Counts[k] += n
	}
	r.Findings = Few(append(r.Findings, o.Findings...), maxFindings, maxFindingBytes)
}

// clone is a report that does not change when r does.
func (r *Report) clone() Report {
	c := *r
	c.Counts, c.Findings = maps.Clone(r.Counts), slices.Clone(r.Findings)
	return c
}

// Summary says in one line what was found.
func (r *Report) Summary() string {
	if r.Wrong() == 0 {
		return "nothing missing, extra, stale or of another model"
	}
	var parts []string
	for _, k := range []Kind{Missing, Extra, Stale, Foreign, Payload, Vector, Drift, Search, ANN} {
		if n := r.Counts[k]; n > 0 {
			parts = append(parts, string(k)+" "+strconv.FormatInt(n, 10))
		}
	}
	return strings.Join(parts, ", ")
}
