// Package suite is what `make bench` measures, line by line:
//
//	hashing  job against bare loop with an embedder that takes no time but the processor's
//	latency  the same with requests that take 5, 50 and 200 ms
//	large    the same with many items: memory, processor time, history, growth
//	kill     a worker is killed in mid-copy, and another started
//	start    from the start of a job to its first row, on an idle worker
//
// Bare loop and job take turns, each repetition on a fresh copy of the same
// store, and every bound is on a ratio of two that ran side by side. That they
// did the same work is checked: ids, stamps and vectors have to be equal.
package suite
