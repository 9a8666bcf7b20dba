// Package sweep holds the fault sweep: it records every call that one small job
// makes of its backends, and every activity that it orders, and runs the job
// again once for each of them with that call failing before its effect, and once
// after it.
//
//	record     one job without faults, on each kind of store -> its calls
//	trial      the same job, one call of which fails         -> how it ended
//	judge      a look that shares no code with sync or verification
//
// The job is one of many that came before: it finds half a shadow with records
// that are stale, repacked and deserted, the lease and the refusals of a job that
// was terminated, items without a text and with one that the model refuses, and
// its source changes while it copies.
//
// A call is named by role, operation and its number among those: "registry.Put
// 3" is the same call in each run, as the small job does one thing at a time.
// A fault that did not strike is a failed trial.
//
// Whatever fails, the active generation stays right at every moment: what a
// route points at is complete, and as long as it points at the former
// generation that one is untouched, byte by byte. A job whose call was merely
// unavailable completes. One that ends otherwise leaves nothing that the next
// job stumbles over: a second one, without faults, completes. Behind each
// completed job the store holds what it should, and nothing else.
//
// Soaks are swept likewise. A life is a job with its soak, over a store that tells
// its changes: the application changes items when the generations are first kept
// in step, when they have been brought there, before the rollback, and while that
// moves the route. Calls are numbered within the activity that makes them, as a
// soak does more than one thing at a time. Whatever fails, the generation that
// the route points at has of each item what it is or was; a rollback happens, or
// is refused once and happens when it is asked for again; both generations are
// right before it, and the one that it leads to behind it. Another end is that the
// former generation is retired.
//
// Jobs run on a real dev server, many at once: each has a namespace and a store
// of its own. All of it is run by `make sweep`; `make test` runs one call of
// each operation, and of each activity of a soak. A failure prints the arguments
// that run its trial alone.
package sweep
