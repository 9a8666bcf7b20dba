// Package machine tells what the benchmark runs on, and what a process took of
// it. It reads /proc: where there is none, its functions return errors.
package machine
