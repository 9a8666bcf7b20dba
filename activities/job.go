package activities

import (
	"time"

	"github.com/reembed/reembed/backends"
)

// Job identifies a running job to the activities: who it is, what it moves, and
// under which lease. It is made by Resolve and carried through the workflow.
type Job struct {
	ID        string         `json:"id"`  // workflow id
	Run       string         `json:"run"` // first run id: the same across continue-as-new and reset
	Namespace string         `json:"namespace"`
	From      string         `json:"from,omitempty"` // model of the active route; empty for a first backfill
	To        backends.Model `json:"to"`
	// Fingerprint of To when the job was resolved: a worker whose catalog says
	// otherwise refuses the job's work.
	Fingerprint string `json:"fingerprint"`
	Locator     string `json:"locator"` // of the target generation
	// Source is the collection that the items are read from: the active one when
	// the job was planned. Empty where the items live outside of the generations.
	Source string `json:"source,omitempty"`
	// Merging: applications write the target as well as the Source, as they do
	// behind a switch: what they changed there is not wrong.
	Merging bool `json:"merging,omitempty"`
	// RouteVersion that the switch expects; 0: no route yet.
	RouteVersion   int64         `json:"route_version"`
	Epoch          int64         `json:"epoch,omitempty"` // of the namespace's lease, once held
	Priority       Priority      `json:"priority"`
	BatchSize      int           `json:"batch_size"`
	Timeout        time.Duration `json:"timeout,omitempty"` // 0: none
	DryRun         bool          `json:"dry_run,omitempty"`
	MaxFailedItems int64         `json:"max_failed_items"`
	Waive          []string      `json:"waive,omitempty"`
	ForeignStamps  ForeignStamps `json:"foreign_stamps,omitempty"` // empty: refuse
	// Cutover is manual where a person decides on the switch, CutoverWindow when it
	// may be, MaxVerifyAge how old the verification may be then; 0: any age.
	Cutover       Cutover       `json:"cutover,omitempty"`
	CutoverWindow string        `json:"cutover_window,omitempty"`
	MaxVerifyAge  time.Duration `json:"max_verify_age,omitempty"`
	// Publish and PostHook say that the catalog asks for these behind the switch.
	Publish  bool `json:"publish,omitempty"`
	PostHook bool `json:"post_hook,omitempty"`
	// SoakSeconds is how long the former generation is kept in step behind the
	// switch; 0: not at all. EndSoak: a soak of the namespace is ended first.
	SoakSeconds int64 `json:"soak_seconds,omitempty"`
	EndSoak     bool  `json:"end_soak,omitempty"`
	// Window is how many range workflows run at once; ContinueAfter the history
	// events after which the root continues as new between two passes. They are
	// data of the job, never read from a worker's environment in the workflow.
	Window        int `json:"window"`
	ContinueAfter int `json:"continue_after"`
}
