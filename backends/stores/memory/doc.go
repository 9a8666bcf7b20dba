// Package memory is the reference store: the shortest code that keeps each
// sentence of the contracts in package backends. It is for tests and for trying
// things out; everything in it dies with the process.
//
// A store holds tables of items, generations of namespaces, and a registry:
//
//	Store --- tables       name      -> ordered[Item] + consumers of their changes
//	      --- generations  locator   -> spec + ordered[Record]
//	      --- entries      kind, key -> Entry
//
// A namespace may be self-contained: its generations are then [Collections], whose
// records hold text and payload, and which applications fill through a [Writer].
//
// Keys and cursors are ids: a range is compared with them byte by byte. One
// lock guards all of a store, so that every call is one step for every other.
package memory
