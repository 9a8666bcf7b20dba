// Package replaytest replays recorded histories against the workflows as they
// are now: what a deploy does to the jobs that it finds.
package replaytest
