package activities

import (
	"time"

	"github.com/reembed/reembed/backends"
)

// SoakWorkflowName is the type of the workflow that watches over a soak.
const SoakWorkflowName = "SoakWorkflow"

// SignalSoakCancel ends a soak; nothing is dropped. Its payload is a CancelRequest's.
const SignalSoakCancel = "cancel"

// SoakID is the workflow id of the one soak that a namespace has.
func SoakID(namespace string) string { return "reembed-soak/" + namespace }

// SoakPlan is what a job arms a soak with: the two generations, each as the job
// of its own that keeps it in step.
type SoakPlan struct {
	Namespace string `json:"namespace"`
	ArmedBy   string `json:"armed_by"`  // workflow id of the job
	ArmedRun  string `json:"armed_run"` // its first run id
	Active    Job    `json:"active"`    // what the job is about to switch to
	Standby   Job    `json:"standby"`   // what the route points at until then
	// Former is the route that the job sets out from.
	Former Route         `json:"former"`
	Window time.Duration `json:"window"` // of the soak; 0: there is nothing to soak
}

// SwitchSeen is how the wait of an armed soak ended: with the switch, or with
// the job's end.
type SwitchSeen struct {
	Switched bool   `json:"switched"`
	Route    *Route `json:"route,omitempty"` // after the switch
}

// SoakBegin is what is written down when an armed soak begins to soak.
type SoakBegin struct {
	Plan  SoakPlan  `json:"plan"`
	Route Route     `json:"route"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// SoakEnd is what a soak gives back when it is over.
type SoakEnd struct {
	Plan     SoakPlan `json:"plan"`
	Epoch    int64    `json:"epoch,omitempty"`    // of the lease; 0: it is not given back
	Switched bool     `json:"switched,omitempty"` // else the target's consumer is the job's
}

// Step is how well one generation is in step with the source: the state of its
// keeper, carried from one KeepInStep to the next. Times are told by how long ago
// they were, since every worker has a clock of its own.
type Step struct {
	// Full: a pass over everything is wanted, or under way from Task and Cursor on.
	Full   bool            `json:"full,omitempty"`
	Task   Task            `json:"task,omitempty"`
	Cursor backends.Cursor `json:"cursor,omitempty"`
	// PassAge is how long ago the pass under way began, Took how long the last one lasted.
	PassAge time.Duration `json:"pass_age,omitempty"`
	Took    time.Duration `json:"took,omitempty"`
	// NextPass is how long until the next one, where the source does not tell changes.
	NextPass time.Duration `json:"next_pass,omitempty"`
	// InStep: it was in step once, and Behind is how long ago that was: what
	// changed later may be missing.
	InStep bool          `json:"in_step,omitempty"`
	Behind time.Duration `json:"behind,omitempty"`
	// Code and Error say why it can't be kept in step; empty while it can.
	Code    string        `json:"code,omitempty"`
	Error   string        `json:"error,omitempty"`
	Tries   int           `json:"tries,omitempty"`    // in vain, one after the other
	RetryIn time.Duration `json:"retry_in,omitempty"` // until the next
	// Pending is how many items changed that it does not have yet; -1 while that
	// is not known. Counted while it can't be kept in step.
	Pending int64 `json:"pending"`
	// Warning is that the model does not answer as it did.
	Warning    string        `json:"warning,omitempty"`
	NextCanary time.Duration `json:"next_canary,omitempty"` // until the model is compared with itself again
	// Counts is what this KeepInStep did.
	Counts Counts `json:"counts"`
}

// Healthy reports whether the generation can be kept in step.
func (s Step) Healthy() bool { return s.Code == "" }

// Side is one generation of a soak with its keeper's state.
type Side struct {
	Job  Job  `json:"job"`
	Step Step `json:"step"`
}

// StepRequest asks to keep generations in step for a while. A side that is nil
// is left alone.
type StepRequest struct {
	Active  *Side `json:"active,omitempty"`
	Standby *Side `json:"standby,omitempty"`
	// For is how long; earlier when a side falls ill, recovers, or is in step for
	// the first time.
	For time.Duration `json:"for"`
	// Once: until each side is in step, or can't be brought there.
	Once bool `json:"once,omitempty"`
}

// StepResult is where the sides are; also what the heartbeat carries.
type StepResult struct {
	Active  *Step `json:"active,omitempty"`
	Standby *Step `json:"standby,omitempty"`
	// Late is how long from then on a write may still land of an attempt that was given up on.
	Late time.Duration `json:"late,omitempty"`
}
