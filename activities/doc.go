// Package activities is the work of jobs: what workflows order, and Temporal
// retries. Each activity opens what its job names in this worker's catalog,
// refuses it where the catalog means another model by the name, and does one
// thing through the roles of package backends:
//
//	Resolve                  the request, strictly, against the catalog
//	AcquireSlot, WatchJob, RecoverGate     the gate's eyes and hands
//	AcquireLease, ReleaseLease             one job a namespace, by epoch
//	Plan                     what would be done; writes nothing
//	Prepare, FinishIndex     the target generation
//	SplitPass                a key space, in ranges
//	SyncSegment              a share of a range: package reconcile
//	VerifySegment, VerifySamples           the same, read only: package verify
//	CheckSwitch, Switch      the route
//	RecordOutcome            what is left of a job
//
// Whatever writes asks the lease first, so that a zombie of a job that was
// terminated, or reset to before it had the lease, is fenced, but for a write
// that was already under way. Errors leave through one table, [Failures], as
// application errors whose type is a code; what travels is ids, hashes and
// counts, never a text, a vector or a provider's raw answer.
//
// [Foresee] needs no job: it is for the command line.
package activities
