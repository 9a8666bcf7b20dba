package workflows

import (
	"errors"
	"time"

	"github.com/reembed/reembed/activities"
)

// soakCarriedVersion is the schema of SoakCarried; as carriedVersion.
const soakCarriedVersion = 1

// SoakCarried is all that a soak remembers: what it takes along when it continues
// as new.
type SoakCarried struct {
	Version int         `json:"version"`
	Machine SoakMachine `json:"machine"`
	Run     string      `json:"run"` // first run id
	// Status without the phase, which is the machine's.
	Status SoakStatus `json:"status"`
	// RouteVersion is what the rollback's switch expects; Epoch the lease's.
	RouteVersion int64 `json:"route_version,omitempty"`
	Epoch        int64 `json:"epoch,omitempty"`
	Takes        int   `json:"takes,omitempty"` // how often the lease was taken
	// Active and Standby are the states of the keepers.
	Active  activities.Step `json:"active"`
	Standby activities.Step `json:"standby"`
	// LateUntil is until when a write may land that nobody waits for any more.
	LateUntil time.Time `json:"late_until,omitzero"`
	Passes    int       `json:"passes,omitempty"` // of verification, for the ids of their ranges
}

func newSoakCarried(id, run string, p SoakPlan, now time.Time) SoakCarried {
	side := func(j Job, generation int64) SoakSide {
		return SoakSide{Model: j.To.Name, Locator: j.Locator, Generation: generation}
	}
	return SoakCarried{
		Version: soakCarriedVersion, Machine: SoakMachine{Phase: SoakArmed}, Run: run,
		Status: SoakStatus{
			Soak: id, Run: run, Namespace: p.Namespace, Job: p.ArmedBy, ArmedAt: now,
			Active: side(p.Active, 0), Standby: side(p.Standby, p.Former.Generation),
		},
		// What changed around the switch, and before it, is found by a pass over everything.
		Active: activities.Step{Full: true}, Standby: activities.Step{Full: true},
	}
}

// UnmarshalJSON leaves a later schema to newer workers: see readCarried.
func (c *SoakCarried) UnmarshalJSON(raw []byte) error {
	type plain SoakCarried // without this method
	var state plain
	newer, err := readCarried(raw, soakCarriedVersion, &state)
	if newer > 0 {
		state.Version = newer
	}
	*c = SoakCarried(state)
	return err
}

func (c *SoakCarried) check(run string) error {
	if c.Version != soakCarriedVersion || c.Run != run {
		return errors.New("more than one input: a soak takes its plan, and is started by a job")
	}
	return nil
}
