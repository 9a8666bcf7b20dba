// Package backendtest holds the conformance suites of the roles in package
// backends: each sentence of their contracts as a test. A driver's own test
// says how its store is made, and which of the allowed variations it has:
//
//	func TestConformance(t *testing.T) {
//		backendtest.Index(t, backendtest.Harness[backends.Index]{New: ...})
//	}
//
// What only some drivers can do is told by the role itself (Traits), by an
// ability interface, or by a field of Harness. Suites run in parallel, each
// test in a place of its own.
//
//	file          subject
//	ranges        Split: disjoint and complete, limits, going on
//	pages         ReadPage and ReadStamps: limits, cursors, Done
//	moving        pages while items come and go
//	ids           ids of every ugly kind, and those that are refused
//	items         Lookup, PutItems, DeleteItems, texts and payloads
//	lifecycle     locators, create, open, finish, drop
//	records       stamps, fetch, upsert, delete
//	refusals      what must not be written, and leaves nothing behind
//	search        scores, order, bounds
//	publish       the active generation under a name
//	registry      compare-and-swap, versions, lists; racers; leases
//	capture       changes of every kind, pages, exact acknowledgement, consumers
//	changes_lost  what is lost is said to be
//	changes_races writers and consumers at once: no change is missed
//	conditional   writes of what is still so
//	fuzz          any strings for ids, keys, cursors and names
//	fuzz_capture  any history of a table and its consumers, against a model
//	crash         what is there after a store was left open and opened again
package backendtest
