// Package e2e holds the tests of the whole: the real programs, a real Temporal
// dev server, a real store, and the plain temporal CLI. Processes are killed and
// restarted; after each test a check that shares no code with sync reads the
// database with SQL and finds every vector right.
//
// The tests build the programs themselves and need a temporal CLI on PATH or in
// bin/ (`make temporal`); they fail without one.
package e2e
