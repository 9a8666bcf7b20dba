package workflows

import (
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
)

// carriedVersion is the schema of Carried. A change that an older worker would
// read wrongly needs a new one, and code that reads the old one. Version 2 is that
// of jobs that may have to wait before they switch: a worker that knows version 1
// would switch them.
const carriedVersion = 2

// Carried is all that a job remembers: what it takes along when it continues as
// new. Its JSON form is read by later versions of this program, and while a
// later one is deployed by earlier ones, which must not go on from it.
type Carried struct {
	Version int     `json:"version"`
	Machine Machine `json:"machine"`
	Job     Job     `json:"job"`
	// Status without state and phase, which are the machine's.
	Status Status                 `json:"status"`
	Slot   activities.SlotRequest `json:"slot"`
	// Used is the running time of the runs before this one.
	Used time.Duration `json:"used,omitempty"`

	// Fresh says that the generation had no record before the copy.
	Fresh bool `json:"fresh,omitempty"`
	// LateUntil is until when a write may land that nobody waits for any more: of an
	// attempt that was given up on, or of a job before this one.
	LateUntil time.Time `json:"late_until,omitzero"`
	// Dirty is what the last sync pass found wrong; -1 asks for a pass in any case.
	Dirty      int64 `json:"dirty"`
	CatchUps   int   `json:"catch_ups,omitempty"`   // passes since catching-up began
	Rounds     int   `json:"rounds,omitempty"`      // verifications since the copy
	Requeues   int   `json:"requeues,omitempty"`    // lost leases
	PhaseItems int64 `json:"phase_items,omitempty"` // looked at since the phase began

	// Capture is how the source tells what changed; nil: it does not.
	Capture *activities.Capturing `json:"capture,omitempty"`
	// FullPass asks for a pass over everything beside what the source tells.
	FullPass bool `json:"full_pass,omitempty"`
	// Items is how many the source has, as the last pass over all of them was told, or saw.
	Items int64 `json:"items,omitempty"`
	// InStep says that the last pass, whatever it found, was so short that little is left.
	InStep    bool          `json:"in_step,omitempty"`
	PassBegan time.Time     `json:"pass_began,omitzero"` // the last sync pass
	PassTook  time.Duration `json:"pass_took,omitempty"`

	// Suspects are findings that are looked at once more after the next sync.
	Suspects []verify.Finding `json:"suspects,omitempty"`

	Standby Standby `json:"standby,omitzero"`
}

// Standby is what a job remembers of its wait in phase ready.
type Standby struct {
	VerifiedAt time.Time          `json:"verified_at,omitzero"` // when the last verification ended
	SyncedAt   time.Time          `json:"synced_at,omitzero"`   // when the last pass ended that kept the shadow fresh
	PassTook   time.Duration      `json:"pass_took,omitempty"`
	Stood      bool               `json:"stood,omitempty"`  // the job has waited since then
	Asked      bool               `json:"asked,omitempty"`  // it asks the gate for a slot again
	Opening    activities.Opening `json:"opening,omitzero"` // of the window: the one that is open, or the next
	Vetoes     int                `json:"vetoes,omitempty"` // in a row
	Veto       string             `json:"veto,omitempty"`   // why, the last time
	AskAt      time.Time          `json:"ask_at,omitzero"`  // when the veto hook is asked again
}

// newCarried is the memory of a job that has just been started.
func newCarried(job, run string, started time.Time) Carried {
	return Carried{
		Version: carriedVersion,
		Machine: NewMachine(),
		Job:     Job{ID: job, Run: run},
		Status: Status{
			Job: job, Run: run, StartedAt: started,
			Progress: Progress{ETASeconds: -1, PhaseSince: started},
		},
		Dirty: -1,
	}
}

// UnmarshalJSON leaves a later schema to newer workers: see readCarried.
func (c *Carried) UnmarshalJSON(raw []byte) error {
	type plain Carried // without this method
	var state plain
	newer, err := readCarried(raw, carriedVersion, &state)
	if newer > 0 {
		state.Version = newer
	}
	*c = Carried(state)
	return err
}

// check refuses what this program can't go on from.
func (c *Carried) check(job, run string) error {
	switch {
	case c.Version == 0 && c.Job.ID == "":
		return errors.New("more than one input: a job takes one JSON object")
	case c.Version < 1 || c.Version > carriedVersion:
		return fmt.Errorf("carried state has schema version %d, this worker reads 1 to %d", c.Version, carriedVersion)
	case c.Job.ID != job || c.Job.Run != run:
		return fmt.Errorf("carried state is of job %q, first run %q", c.Job.ID, c.Job.Run)
	}
	return nil
}

// snapshot is the status as of now.
func (c *Carried) snapshot() Status {
	s := c.Status
	s.State, s.Phase = c.Machine.State, c.Machine.Phase
	s.Progress.State, s.Progress.Phase = s.State, s.Phase
	return s
}
