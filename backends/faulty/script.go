package faulty

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// When says on which side of a call's effect a fault strikes.
type When int

// The sides.
const (
	Before When = iota // the call does not reach the backend
	After              // the call has its effect, then the answer is lost
)

// Fault is one thing that goes wrong. What is set happens in this order: Do,
// Delay, Hang, Err.
type Fault struct {
	Role      string // as in package intercept; empty: any
	Operation string // the method's name; empty: any
	Nth       int    // strikes the n-th call that matches Role and Operation, from 1; 0: every one
	When      When
	// Do is called with the call's context, for tests that wait for the call, or
	// do something in the midst of it. An error of its ends the call.
	Do    func(ctx context.Context, call Call) error
	Delay time.Duration // wait so long, or until the context ends
	Hang  bool          // wait until the context ends, and return its error
	Err   error         // fail with it, wrapped with the call's name
}

// Call is a recorded call.
type Call struct {
	Role, Operation string
	Seq             int // its place among all calls of the script, from 1
	Items           int // that it was given
}

func (c Call) String() string { return fmt.Sprintf("%s.%s (call %d)", c.Role, c.Operation, c.Seq) }

// Script decorates roles with its faults and records their calls. It is safe
// for concurrent use.
type Script struct {
	mu     sync.Mutex
	faults []*counted
	calls  []Call
	struck int
}

// counted is a fault with how many calls have matched it.
type counted struct {
	Fault
	matched int
}

// New returns a script of the faults; none, and it only records.
func New(faults ...Fault) *Script {
	s := &Script{}
	s.Add(faults...)
	return s
}

// Add adds faults, which count calls from now on.
func (s *Script) Add(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &counted{Fault: f})
	}
}

// Clear removes all faults; from now on everything works. Recorded calls stay.
func (s *Script) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Calls returns what was called so far, in the order in which calls began.
func (s *Script) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Struck is how many faults have struck, so that a test can tell that the one
// it asked for came to pass.
func (s *Script) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Embedder decorates e.
func (s *Script) Embedder(e backends.Embedder) backends.Embedder {
	return intercept.Embedder(e, s.intercept)
}

// Source decorates src.
func (s *Script) Source(src backends.Source) backends.Source {
	return intercept.Source(src, s.intercept)
}

// Index decorates i and the generations it hands out.
func (s *Script) Index(i backends.Index) backends.Index { return intercept.Index(i, s.intercept) }

// Generation decorates g alone.
func (s *Script) Generation(g backends.Generation) backends.Generation {
	return intercept.Generation(g, s.intercept)
}

// Registry decorates r.
func (s *Script) Registry(r backends.Registry) backends.Registry {
	return intercept.Registry(r, s.intercept)
}
