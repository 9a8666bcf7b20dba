// Package stand is the test stand of the whole: it builds the real programs,
// starts a real Temporal dev server in a folder of its own, and runs workers and
// commands as processes with one environment. The tests of cmd/e2e and cmd/storm
// stand on it.
//
// It knows nothing of stores, catalogs or what a test is about, fails no test
// itself, and returns errors, so that it serves tests of many goroutines.
package stand
