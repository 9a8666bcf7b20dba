package workflows

import (
	"fmt"
	"time"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

// Names by which workflows are started, signalled and queried: also from the
// plain temporal CLI. They are a public contract.
const (
	ReembedWorkflowName   = activities.ReembedWorkflowName
	SyncRangeWorkflowName = "SyncRangeWorkflow"
	GateWorkflowName      = activities.GateWorkflowName

	// TaskQueue carries jobs and their short activities, SyncTaskQueue the long
	// ones, so that a worker full of segments still starts and stops jobs.
	TaskQueue     = "reembed"
	SyncTaskQueue = "reembed-sync"
	GateTaskQueue = activities.GateTaskQueue

	// GateID is the workflow id of the one gate of a Temporal namespace.
	GateID = activities.GateID

	QueryProgress   = "progress" // -> Progress
	QueryStatus     = "status"   // -> Status
	SignalCancel    = "cancel"   // CancelRequest
	UpdateCutover   = "cutover"  // CutoverRequest, or nothing -> CutoverOrder
	QueryGate       = activities.QueryGate
	SignalGateLimit = activities.SignalGateLimit // an integer: how many jobs may run at once

	MemoJob  = "job"               // JobMemo
	MemoSlot = activities.MemoSlot // activities.SlotMemo
)

const (
	// maxServerID is how many bytes the server takes as a workflow's id.
	maxServerID = 1000
	// MaxJobID is how many bytes a job's id may have: those of its ranges are
	// longer, and the server has to take them too.
	MaxJobID = maxServerID - 100
)

// JobID is the workflow id of a job. unique keeps apart the jobs of one
// namespace; ids need not be made this way, any other works as well.
func JobID(namespace, unique string) string { return "reembed-" + namespace + "-" + unique }

// RangeID is the workflow id of the n-th range (from 1) of a task in a pass of a job.
func RangeID(job string, pass int, task Task, n int) string {
	return fmt.Sprintf("%s/%d/%s/%d", job, pass, task, n)
}

// Messages and values that are made by the activities.
type (
	Request      = activities.Request
	Job          = activities.Job
	Plan         = activities.Plan
	Counts       = activities.Counts
	Verification = activities.Verification
	Route        = activities.Route
	GateState    = activities.GateState
	Task         = activities.Task
)

// CancelRequest is the payload of the cancel signal.
type CancelRequest struct {
	Reason string `json:"reason"`
}

// CutoverRequest is the payload of the cutover update.
type CutoverRequest struct {
	By string `json:"by,omitempty"` // who says so, for people
}

// CutoverOrder is that a person said that a job may switch: the answer to the
// cutover update, the same to each that follows.
type CutoverOrder struct {
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

// CodeRefused is the type of the error that an update is refused with, when the
// job can't do now what it asks for.
const CodeRefused = "REFUSED"

// Status is all that is known of a job: the answer to the status query, the
// result of a completed job, and the details of a failed or cancelled one.
type Status struct {
	Job          string        `json:"job"`
	Run          string        `json:"run"`
	Namespace    string        `json:"namespace"`
	From         string        `json:"from,omitempty"`
	To           string        `json:"to"`
	State        State         `json:"state"`
	Phase        Phase         `json:"phase"`
	Priority     string        `json:"priority,omitempty"`
	Reason       string        `json:"reason,omitempty"` // why it waits, was cancelled, or failed
	ErrorCode    string        `json:"error_code,omitempty"`
	LastError    string        `json:"last_error,omitempty"` // the latest one that is being retried
	DryRun       bool          `json:"dry_run,omitempty"`
	StartedAt    time.Time     `json:"started_at"`
	RunningSince *time.Time    `json:"running_since,omitempty"` // when the slot was granted
	FinishedAt   *time.Time    `json:"finished_at,omitempty"`
	Progress     Progress      `json:"progress"`
	Plan         *Plan         `json:"plan,omitempty"`
	Verification *Verification `json:"verification,omitempty"`
	Route        *Route        `json:"route,omitempty"` // after the switch
	Former       *Route        `json:"former,omitempty"`
	Cutover      *CutoverOrder `json:"cutover,omitempty"`  // who said that it may switch, where somebody has to
	Warnings     []string      `json:"warnings,omitempty"` // what went wrong without failing the job
	Soak         string        `json:"soak,omitempty"`     // workflow id of the soak that the job armed
}

// JobMemo is what lists show of a job without asking it; upserted with each
// change of phase.
type JobMemo struct {
	Namespace string `json:"namespace"`
	From      string `json:"from,omitempty"`
	To        string `json:"to"`
	Priority  string `json:"priority"`
	State     State  `json:"state"`
	Phase     Phase  `json:"phase"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

// Progress is how far a job is: the answer to the progress query. Counts are of
// closed ranges; a client adds what the open ones report in their heartbeats
// (starter.Client.Progress does).
type Progress struct {
	State          State     `json:"state"`
	Phase          Phase     `json:"phase"`
	Pass           int       `json:"pass"`         // from 1; 0 before the first
	ItemsTotal     int64     `json:"items_total"`  // of the source; an estimate while items come and go
	ItemsDone      int64     `json:"items_done"`   // of this pass: looked at by its forward ranges
	RangesTotal    int       `json:"ranges_total"` // of this pass, both directions
	RangesDone     int       `json:"ranges_done"`  //
	ItemsPerSecond float64   `json:"items_per_second"`
	ETASeconds     int64     `json:"eta_seconds"` // of this phase; -1 while unknown
	PhaseSince     time.Time `json:"phase_since"`
	Totals         Counts    `json:"totals"`                // over all passes
	OpenRanges     []string  `json:"open_ranges,omitempty"` // workflow ids of the running ranges
	// NonConverging is there while the application writes faster than catch-up follows.
	NonConverging *Lag `json:"non_converging,omitempty"`
}

// Lag is how far catch-up stays behind the application. The job goes on with it
// and does not switch; it ends by itself once the writers slow down, or the
// worker is given more to work with.
type Lag struct {
	Since   time.Time `json:"since"`
	Changes int64     `json:"changes"` // found by the last pass
	Bound   int64     `json:"bound"`   // at which the job goes on
	// Arriving is how many changes came between the last two passes, Synced how many
	// the last one synced, both in a second.
	Arriving float64 `json:"changes_per_second"`
	Synced   float64 `json:"synced_per_second"`
}

// RangeRequest is the input of a SyncRangeWorkflow; what it did so far is
// carried in it across continue-as-new.
type RangeRequest struct {
	Job   Job             `json:"job"`
	Task  Task            `json:"task"`
	Range backends.Range  `json:"range"`
	After backends.Cursor `json:"after,omitempty"`
	Done  RangeResult     `json:"done"`
	// Most is how many items at least are looked at before a range ends that
	// applications keep adding to; 0: to its end. Of the task sync-changed.
	Most int64 `json:"most,omitempty"`
	// ContinueAfter is the number of segments after which the range continues as new.
	ContinueAfter int `json:"continue_after"`
}

// RangeResult is what was done with a range: its result, and its answer to the
// progress query.
type RangeResult struct {
	Segments int           `json:"segments"` // closed ones
	Counts   Counts        `json:"counts"`
	Report   *Verification `json:"report,omitempty"` // of the verify tasks
	// LateUntil is until when a write of an attempt that was given up on may land.
	LateUntil time.Time `json:"late_until,omitzero"`
}
