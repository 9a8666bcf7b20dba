package activities

import (
	"time"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// Task is what is done with a range: the two directions of sync, and the same
// two read only.
type Task string

// The tasks. Forward ones go over the source's ranges, backward ones over the generation's.
const (
	SyncForward  Task = "sync-forward"
	SyncBackward Task = "sync-backward"
	// SyncChanged syncs the items that the source tells as changed: one range.
	SyncChanged    Task = "sync-changed"
	VerifyForward  Task = "verify-forward"
	VerifyBackward Task = "verify-backward"
	// Merge brings what changed in the job's Source into its target, where both are
	// collections of a self-contained namespace and applications write both; over
	// the source's ranges. A merge is two: the job's, and that of its Mirror.
	Merge Task = "merge"
)

// SplitRequest asks for the ranges of one task over the whole key space.
type SplitRequest struct {
	Job  Job  `json:"job"`
	Task Task `json:"task"`
	// ItemTime is the plan's; 0: not known.
	ItemTime time.Duration `json:"item_time,omitempty"`
}

// Split is a key space cut into at most MaxRanges ranges: disjoint, complete, in
// key order. It always has at least one.
type Split struct {
	Ranges []backends.Range `json:"ranges"`
	Items  int64            `json:"items"` // items or records in all; an estimate
}

// SecondLook asks for a look at what a verification found, after another sync.
type SecondLook struct {
	Job      Job              `json:"job"`
	Findings []verify.Finding `json:"findings"`
}

// SegmentRequest is one activity's share of a range: from After on, until the
// range or the activity's own measure of work ends.
type SegmentRequest struct {
	Job   Job             `json:"job"`
	Task  Task            `json:"task"`
	Range backends.Range  `json:"range"`
	After backends.Cursor `json:"after,omitempty"`
}

// SegmentResult is how far a segment came, and what it did on the way. It is
// also what a running segment's heartbeat carries, over all its attempts.
type SegmentResult struct {
	Cursor backends.Cursor `json:"cursor"` // the next segment goes on from here
	Done   bool            `json:"done"`   // nothing of the range is left
	Counts Counts          `json:"counts"`
	Report *Verification   `json:"report,omitempty"` // of the verify tasks
	// Ahead, in a heartbeat only, is how many items behind the cursor are done
	// with: not Scanned yet, and looked at again if this attempt ends here.
	Ahead int64 `json:"ahead,omitempty"`
	// Late is how long from then on a write may still land that an attempt began
	// which was given up on; of the sync tasks.
	Late time.Duration `json:"late,omitempty"`
}

// Prepared is the target generation as the copy finds it.
type Prepared struct {
	Fresh bool `json:"fresh"` // without a record
	// Late is how long from then on a write may still land that a job began which
	// ended without giving the namespace back.
	Late time.Duration `json:"late,omitempty"`
	// Capture is how the source tells what changed since before the copy; nil: it does not.
	Capture *Capturing `json:"capture,omitempty"`
}

// Capturing is how a source tells what changed, to a consumer that is named
// after the generation it serves: the job's locator.
type Capturing struct {
	Kind    backends.CaptureKind `json:"kind"`
	Deletes bool                 `json:"deletes,omitempty"` // deleted items are told, too
}

// Switched is the outcome of a switch.
type Switched struct {
	Route  Route  `json:"route"`
	Former *Route `json:"former,omitempty"` // absent after a first backfill
}

// Outcome is how a job ended, for the registry's record and for the metrics.
type Outcome struct {
	Job    Job    `json:"job"`
	State  string `json:"state"`  // COMPLETED, FAILED or CANCELLED
	Status []byte `json:"status"` // the workflow's final status as JSON
}
