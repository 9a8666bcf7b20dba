package activities

import (
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends/route"
)

// Plan is what a job would do, found out without writing anything.
type Plan struct {
	Namespace       string   `json:"namespace"`
	From            string   `json:"from,omitempty"`
	To              string   `json:"to"`
	Fingerprint     string   `json:"fingerprint"`
	Locator         string   `json:"locator"`
	Items           int64    `json:"items"`
	ItemsExact      bool     `json:"items_exact"`
	AlreadyThere    int64    `json:"already_there"`    // records in the target generation
	ToEmbed         int64    `json:"to_embed"`         // items that are new or different there; from a sample
	EstimatedTokens int64    `json:"estimated_tokens"` // from a sample
	EstimatedCost   float64  `json:"estimated_cost"`   // in the currency of the catalog's prices
	EstimatedTime   Duration `json:"estimated_time"`
	ItemTime        Duration `json:"item_time"`        // an item's share of the one request that was sent
	EstimatedBytes  int64    `json:"estimated_bytes"`  // room that the new vectors take
	Sampled         int      `json:"sampled"`          // items that the estimates rest on
	Active          *Stamps  `json:"active,omitempty"` // of the active generation, where it is not the target
	Target          *Stamps  `json:"target,omitempty"` // of the target generation, where it is there
	Notes           []string `json:"notes,omitempty"`
	Warnings        []string `json:"warnings,omitempty"`
	Blockers        []string `json:"blockers,omitempty"` // a job with blockers fails in planning
}

// Stamps is what a look at the stamps of a generation found.
type Stamps struct {
	Records int64 `json:"records"`
	Looked  int64 `json:"looked"`            // at; fewer than Records in a large generation
	Missing int64 `json:"missing,omitempty"` // of those: without a stamp of ours
	Foreign int64 `json:"foreign,omitempty"` // of those: with another fingerprint than the generation's
}

// Duration is a time.Duration that JSON shows as "1m30s".
type Duration time.Duration

// MarshalText writes the form that time.ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it back.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// The reports of the engines and the route, named here so that the packages
// above need not know where they are made.
type (
	Counts       = reconcile.Counts
	Verification = verify.Report
	Route        = route.Route
)
