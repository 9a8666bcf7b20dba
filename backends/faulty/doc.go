// Package faulty is a decorator for tests that makes backends fail as they do
// in the world. A [Script] is asked before and after every call of every role it
// decorates: it fails the n-th call of an operation before its effect (nothing
// happened) or after it (it happened, and the answer was lost), delays it, or
// lets it hang until its context ends.
//
// It also records the calls, for the exhaustive test: run once without faults,
// then once more for each recorded call with that call failing, and let an
// independent check look at the outcome.
//
//	script := faulty.New(faulty.Fault{Operation: "Upsert", Nth: 3, When: faulty.After, Err: backends.ErrUnavailable})
//	index := script.Index(store)
package faulty
