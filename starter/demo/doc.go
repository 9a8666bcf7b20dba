// Package demo is the main job on real input, in one terminal: the doc comments
// of Go's standard library are imported, searched, re-embedded by a worker that
// is killed in the middle, verified, switched and searched again.
//
// It does what a user would do: it starts the same programs, calls the same CLI,
// and takes its figures from the job's own reports, from the store, and from
// the embedder's tally. Nothing in it is known to the other packages.
package demo
