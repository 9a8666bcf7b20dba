package workflows

import "fmt"

// State is the public state of a job.
type State string

// The states. COMPLETED, FAILED and CANCELLED are final.
const (
	Pending   State = "PENDING"
	Running   State = "RUNNING"
	Completed State = "COMPLETED"
	Failed    State = "FAILED"
	Cancelled State = "CANCELLED"
)

// Final reports whether a job in this state has ended.
func (s State) Final() bool { return s == Completed || s == Failed || s == Cancelled }

// Phase is where a running job is in its life; see doc.go for the picture.
type Phase string

// The phases, in their order.
const (
	Queued     Phase = "queued"
	Planning   Phase = "planning"
	Preparing  Phase = "preparing"
	Copying    Phase = "copying"
	CatchingUp Phase = "catching-up"
	Indexing   Phase = "indexing"
	Verifying  Phase = "verifying"
	Ready      Phase = "ready"
	Switching  Phase = "switching"
	Switched   Phase = "switched"
)

// next lists where each phase may go. A dry run ends in planning; a
// verification with findings goes back to catching up, and one that has become too
// old in phase ready is repeated; a job that lost its lease queues again from wherever it was before the switch.
var next = map[Phase][]Phase{
	Queued:     {Planning},
	Planning:   {Preparing, Queued},
	Preparing:  {Copying, Queued},
	Copying:    {CatchingUp, Queued},
	CatchingUp: {CatchingUp, Indexing, Queued},
	Indexing:   {Verifying, Queued},
	Verifying:  {CatchingUp, Ready, Queued},
	Ready:      {Verifying, Switching, Queued},
	Switching:  {Switched, Queued},
	Switched:   {},
}

// Machine is the job's state machine: pure, so that it is tested without
// Temporal, and serialisable, so that it is carried across continue-as-new.
type Machine struct {
	State State `json:"state"`
	Phase Phase `json:"phase"`
}

// NewMachine is a job that has just been started.
func NewMachine() Machine { return Machine{State: Pending, Phase: Queued} }

// To moves to a phase; an illegal move is a programming error and is returned as one.
func (m *Machine) To(p Phase) error {
	if m.State.Final() {
		return fmt.Errorf("phase %s after the job is %s", p, m.State)
	}
	if p == m.Phase {
		return nil
	}
	for _, q := range next[m.Phase] {
		if p == q {
			m.Phase = p
			m.State = Running
			if p == Queued {
				m.State = Pending
			}
			return nil
		}
	}
	return fmt.Errorf("no way from phase %s to %s", m.Phase, p)
}

// End moves to a final state; the phase stays where the job ended. Only a
// switched job, or a dry run, completes.
func (m *Machine) End(s State, dryRun bool) error {
	switch {
	case !s.Final():
		return fmt.Errorf("%s is not a final state", s)
	case m.State.Final():
		return fmt.Errorf("%s after the job is %s", s, m.State)
	case s == Completed && m.Phase != Switched && (!dryRun || m.Phase != Planning):
		return fmt.Errorf("COMPLETED in phase %s", m.Phase)
	case s == Cancelled && !m.Cancellable():
		return fmt.Errorf("CANCELLED in phase %s", m.Phase)
	}
	m.State = s
	return nil
}

// Cancellable reports whether a cancellation still applies: not once the switch has begun.
func (m *Machine) Cancellable() bool {
	return !m.State.Final() && m.Phase != Switching && m.Phase != Switched
}
