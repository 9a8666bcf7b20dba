package workflows

import (
	"fmt"
	"slices"
)

// SoakPhase is where a soak is in its life.
type SoakPhase string

// The phases of a soak. The last four are final.
const (
	SoakArmed     SoakPhase = "armed"     // the job has not switched yet
	SoakSoaking   SoakPhase = "soaking"   // both generations are kept in step
	SoakReversing SoakPhase = "reversing" // a rollback makes sure of the former generation
	SoakSwitching SoakPhase = "switching" // it moves the route back; behind it there is no way but through
	SoakRetiring  SoakPhase = "retiring"  // the former generation is dropped

	SoakRetired  SoakPhase = "retired"  // the former generation is gone
	SoakReversed SoakPhase = "reversed" // the route points at the former generation again
	SoakEnded    SoakPhase = "ended"    // the window is over, or somebody ended it: nothing was dropped
	SoakDisarmed SoakPhase = "disarmed" // the job did not switch
)

// Final reports whether the soak is over in this phase.
func (p SoakPhase) Final() bool {
	return p == SoakRetired || p == SoakReversed || p == SoakEnded || p == SoakDisarmed
}

// soakNext lists where each phase may go. A rollback that is refused goes back to
// soaking; so does one whose switch found that the route is another's, to end there.
var soakNext = map[SoakPhase][]SoakPhase{
	SoakArmed:     {SoakSoaking, SoakDisarmed, SoakEnded},
	SoakSoaking:   {SoakReversing, SoakRetiring, SoakEnded},
	SoakReversing: {SoakSwitching, SoakSoaking, SoakEnded},
	SoakSwitching: {SoakReversed, SoakSoaking},
	SoakRetiring:  {SoakRetired, SoakSoaking},
}

// SoakMachine is the state machine of a soak: pure, and serialisable.
type SoakMachine struct {
	Phase SoakPhase `json:"phase"`
}

// To moves to a phase; an illegal move is a programming error and is returned as one.
func (m *SoakMachine) To(p SoakPhase) error {
	if !slices.Contains(soakNext[m.Phase], p) {
		return fmt.Errorf("no way from phase %s of a soak to %s", m.Phase, p)
	}
	m.Phase = p
	return nil
}

// Stoppable reports whether ending the soak still applies: not while the route is
// moved or a generation is dropped.
func (m *SoakMachine) Stoppable() bool {
	return m.Phase == SoakArmed || m.Phase == SoakSoaking || m.Phase == SoakReversing
}

// NotSwitched is why an armed soak takes no update.
const NotSwitched = "the job has not switched yet: there is nothing to"

// Refuses says why an update can't be taken now; "" when it can.
func (m *SoakMachine) Refuses(update string) string {
	switch m.Phase {
	case SoakSoaking:
		return ""
	case SoakArmed:
		return NotSwitched + " " + update
	case SoakReversing, SoakSwitching:
		return "a rollback is under way"
	case SoakRetiring:
		return "the former generation is being dropped"
	}
	return fmt.Sprintf("the soak is over: it is %s", m.Phase)
}
