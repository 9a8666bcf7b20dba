// Package records names the typed records that jobs keep in a Registry, beside
// the route: the lease of a namespace, quarantined items, conflicts of
// self-contained namespaces, canaries, and the final status of jobs. Each record has one file: its kind, key and JSON form,
// and the compare-and-swap moves that are allowed on it.
package records
