// Package workflows decides what happens, in which order. It is deterministic:
// it reads no clock, environment, file or configuration; what it does in the
// world it does through package activities, and what it needs to know it gets
// from their results.
//
// # The life of a job
//
// [ReembedWorkflow] is one job. Its phases, of which each runs in one step that
// can be taken up again after continue-as-new:
//
//	                         lost the lease (from any phase before switched)
//	      +--------------------------------------------------------------+
//	      v                                                              |
//	   queued -> planning -> preparing -> copying -> catching-up ---+    |
//	   PENDING   RUNNING        |                     ^   ^  |  ^   |    |
//	             |              |                     |   +--+  |   v    |
//	             |              |        findings     |  dirty  |  indexing
//	a dry run    |              |          +----------+         |   |
//	ends here    v              |          |                    |   v
//	         COMPLETED          |          +--------------------+ verifying
//	                            |                                 ^ |
//	                            |                         too old | v
//	COMPLETED <- switched <- switching <------------------------- ready
//
// A job that is cancelled before switching ends CANCELLED, one that can't go on
// ends FAILED; both leave the active route alone and keep the shadow generation,
// from which the next job of the same fingerprint goes on. Once switching has
// begun neither a cancellation nor the job's timeout applies; but a job that
// lost its lease there has not switched, and stops instead of queueing again.
//
// A job that is ready may have to wait: for a person (the update "cutover"), for
// its window, for its veto hook. It parks then: its slot goes back to the gate, its
// clock stands still, the namespace stays its own, and passes keep the shadow
// fresh. Then it takes a slot again, and what has become too old is done anew.
//
// # The life of a soak
//
// [SoakWorkflow] is the time behind a switch. The job starts it, and it goes on
// when the job is over:
//
//	armed -> soaking -> reversing -> switching -> reversed   (rollback)
//	  |        |  |
//	  |        |  +---> retiring -> retired                  (retire)
//	  |        +------> ended                                (its window is over; end, cancel)
//	  +---------------> disarmed                             (the job did not switch)
//
// The route points at the target: it soaks. The job is over without that: it
// disarms. A rollback or a retirement that is refused goes back to soaking.
//
// # Who does what
//
// A pass over the whole key space is cut into ranges per direction: few, and at
// most [activities.MaxRanges]. A copy into an empty generation goes forward only.
// Catching up is one range over what the source tells as changed, where it does.
// Each range is a [SyncRangeWorkflow], of which a window runs at once; a range
// runs one segment activity after the other. The [GateWorkflow] is a singleton
// that hands out slots to jobs, most urgent first.
//
// Everything that a job has to remember is in [Carried], one serialisable
// struct, and the job continues as new only between two steps; [SoakCarried] is
// the same of a soak.
//
// Names, payloads and workflow ids, which are a public contract, are in
// messages.go; the options of activities in options.go.
package workflows
