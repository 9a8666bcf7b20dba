package activities

import (
	"errors"

	"github.com/reembed/reembed/backends"
)

// Codes are the types of the application errors that activities and jobs fail
// with: what the operator, the CLI and the workflow act on. The table in this
// file says which sentinel of package backends becomes which.
const (
	CodeInvalidRequest     = "INVALID_REQUEST"  // unknown field, name or value: nothing was begun
	CodeUnauthorized       = "UNAUTHORIZED"     // the provider or store refused the credentials
	CodeQuotaExhausted     = "QUOTA_EXHAUSTED"  // a paid quota is used up
	CodeUnknownModel       = "UNKNOWN_MODEL"    // the provider does not know the model
	CodeWrongDimensions    = "WRONG_DIMENSIONS" // the provider's vectors are not what the catalog declares
	CodeInvalidVector      = "INVALID_VECTOR"   // the provider's vectors must not be stored
	CodeNotFound           = "NOT_FOUND"        // a table, generation or record is not there
	CodeConflict           = "CONFLICT"         // a compare-and-swap lost
	CodeUnsupported        = "UNSUPPORTED"      // the driver can't do that
	CodeDamaged            = "DAMAGED"          // what is stored can't be read any more
	CodeUnavailable        = "UNAVAILABLE"      // retried until the job's own timeout
	CodeNamespaceBusy      = "NAMESPACE_BUSY"   // another living job holds the namespace's lease
	CodeInternal           = "INTERNAL"         // an error that no driver should return
	CodeThrottled          = "THROTTLED"        // retried after the wait that was asked for
	CodeLeaseLost          = "LEASE_LOST"       // another job took the namespace over: this run is fenced
	CodeCatalogMismatch    = "CATALOG_MISMATCH" // the worker's catalog gives the model another fingerprint
	CodeTooManyFailedItems = "TOO_MANY_FAILED_ITEMS"
	CodeQuarantine         = "QUARANTINE_NOT_WAIVED" // items without a vector, and nobody waived them
	CodeBlocked            = "PLAN_BLOCKED"          // the plan has blockers
	CodeVerification       = "VERIFICATION_FAILED"
	CodeRouteChanged       = "ROUTE_CHANGED" // somebody else switched the namespace meanwhile
	CodeCanariesChanged    = "CANARIES_CHANGED"
	CodeWorkerTooOld       = "WORKER_TOO_OLD" // a newer worker asks for what this one has not
	CodeChangesLost        = "CHANGES_LOST"   // what changed is not known any more: a full pass finds it
	CodeVetoed             = "VETOED"         // the veto hook does not allow the switch, or can't be asked
	CodeTimeout            = "JOB_TIMEOUT"
	CodeSoaking            = "SOAKING"        // the namespace is in the soak of its last switch
	CodeNotNow             = "NOT_NOW"        // a message that the soak's phase does not allow
	CodeRollbackStale      = "ROLLBACK_STALE" // the former model does not answer: a rollback would lose changes
	CodeNotConverging      = "NOT_CONVERGING" // the application writes faster than catch-up follows
)

// The conditions of a job that no backend knows.
var (
	errNamespaceBusy      = errors.New("namespace busy")
	errLeaseLost          = errors.New("lease lost")
	errCatalogMismatch    = errors.New("catalog mismatch")
	errTooManyFailedItems = errors.New("too many failed items")
	errQuarantine         = errors.New("quarantine not waived")
	errRouteChanged       = errors.New("route changed")
	errCanariesChanged    = errors.New("canaries changed")
	errWorkerTooOld       = errors.New("worker too old")
	errVetoed             = errors.New("vetoed")
	errSoaking            = errors.New("namespace soaks")
)

// Reaction is what a job does about an error.
type Reaction string

// The reactions.
const (
	Retries Reaction = "retries" // until the job's own timeout
	Fails   Reaction = "fails"   // the job, at once
	// Pauses needs a person: trying again without one changes nothing. A job
	// that can't pause fails; a later one of the same request goes on from what it left.
	Pauses Reaction = "pauses"
	// Requeues sends the job back to wait for the namespace.
	Requeues Reaction = "requeues"
	// Waits keeps the job in phase ready, without a slot; it asks again later.
	Waits Reaction = "waits"
)

// Failure is a row of the one table of errors.
type Failure struct {
	Sentinel error // nil: raised by workflows, by code alone
	Code     string
	Reaction Reaction
	Advice   string // what the operator is told to do
}

// Failures is the table: the first row whose sentinel an error wraps says what
// becomes of it. The job's own conditions come before those of the backends
// that they may wrap.
var Failures = []Failure{
	{errNamespaceBusy, CodeNamespaceBusy, Retries, "Wait for the other job, or cancel it."},
	{errLeaseLost, CodeLeaseLost, Requeues, "Another job took the namespace over; nothing more was written."},
	{errCatalogMismatch, CodeCatalogMismatch, Fails, "Give all workers the same catalog, or start a new job."},
	{errTooManyFailedItems, CodeTooManyFailedItems, Fails, "Mend the quarantined items' texts, or start again with a larger max_failed_items."},
	{errQuarantine, CodeQuarantine, Fails, "'reembed quarantine' lists them all: mend their texts or waive them there, by id and with a reason, and start again."},
	{errRouteChanged, CodeRouteChanged, Fails, "Look at the route, and start again if the switch is still wanted."},
	{errCanariesChanged, CodeCanariesChanged, Pauses, "The provider serves another model under this name: give the catalog's model a new revision and start again."},

	{errVetoed, CodeVetoed, Waits, "Ask whoever runs the veto hook; the job asks it again by itself."},
	{errSoaking, CodeSoaking, Fails, "End the soak with --end-soak, or decide it with 'reembed rollback' or 'reembed retire'."},

	{errWorkerTooOld, CodeWorkerTooOld, Retries, "Upgrade all workers: a newer one goes on with the job."},

	{backends.ErrThrottled, CodeThrottled, Retries, "Wait, or lower the embedder's concurrency."},
	{backends.ErrQuotaExhausted, CodeQuotaExhausted, Pauses, "Raise the provider's quota and start again: the job goes on from what is there."},
	{backends.ErrUnauthorized, CodeUnauthorized, Pauses, "Mend the credentials in the worker's environment, or the permissions that the message names, and start again."},
	{backends.ErrDamaged, CodeDamaged, Fails, "Mend what the message names, or restore a backup, and start again: the job goes on from what is there."},
	{backends.ErrUnknownModel, CodeUnknownModel, Fails, "Mend the model's provider name in the catalog."},
	{backends.ErrDimension, CodeWrongDimensions, Fails, "Mend the model's dimensions in the catalog."},
	{backends.ErrInvalidVector, CodeInvalidVector, Fails, "The embedder's answers can't be stored: look at its server, and at the model's normalized in the catalog."},
	{backends.ErrConflict, CodeConflict, Fails, "Something of that name exists with other properties: look at the store."},
	{backends.ErrChangesLost, CodeChangesLost, Fails, "Nothing to do: the job makes a full pass instead."},
	{backends.ErrUnsupported, CodeUnsupported, Fails, "Choose a driver that can do it."},
	{backends.ErrUnavailable, CodeUnavailable, Retries, "Look at the backend; the job goes on when it answers."},
	{backends.ErrNotFound, CodeNotFound, Fails, "Look at the catalog and the store: a table, generation or record is not there."},
	{backends.ErrInvalidInput, CodeInvalidRequest, Fails, "Mend what the message names and start again."},

	{nil, CodeBlocked, Fails, "Look at the plan's blockers."},
	{nil, CodeVerification, Fails, "Look at the findings; the active generation was not touched."},
	{nil, CodeNotNow, Fails, "Look at the soak with 'reembed soak', and ask again when its phase allows it."},
	{nil, CodeRollbackStale, Fails, "Mend the former model's provider, or accept what a rollback would lose with --stale."},
	{nil, CodeTimeout, Fails, "Start again, with a longer timeout: the job goes on from what is there."},
	{nil, CodeNotConverging, Fails, "Slow the writers down, or give the job more concurrency."},
	{nil, CodeInternal, Retries, "Look at the worker's log."},
}

// FailureOf returns the table's row of a code; an unknown code is INTERNAL's.
func FailureOf(code string) Failure {
	for _, f := range Failures {
		if f.Code == code {
			return f
		}
	}
	return FailureOf(CodeInternal)
}

// NonRetryableCodes are the application error types that no retry mends, for
// the retry policies of activities.
func NonRetryableCodes() []string {
	var codes []string
	for _, f := range Failures {
		if f.Reaction != Retries {
			codes = append(codes, f.Code)
		}
	}
	return codes
}
