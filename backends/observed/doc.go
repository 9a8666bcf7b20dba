// Package observed is a decorator that tells an [Observer] of every call of a
// role: how long it took, how many items it worked on, and how it ended. It
// knows nothing of metrics or logs; whoever counts implements the observer.
package observed
