// Package rig sets up what the benchmark measures: the real reembed-worker, a
// real Temporal dev server, and for each run a fresh copy of a store that was
// filled once. It runs jobs and bare loops, each as a process of its own, and
// says what they took: times of a job come from its history, not from looking
// at it meanwhile.
package rig
