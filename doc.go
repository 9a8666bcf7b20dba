// Package reembed is the root of a module that moves a live vector index from
// one embedding model to another, as one durable job on Temporal.
//
// It holds no code, only the rules of this house as tests: who may import whom,
// and what every file has to be like. The programs are cmd/reembed and
// cmd/reembed-worker; ARCHITECTURE.md shows the way through the folders.
package reembed
