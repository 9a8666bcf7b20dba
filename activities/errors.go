package activities

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
	CodeUnavailable        = "UNAVAILABLE"      // retried until the job's own timeout
	CodeThrottled          = "THROTTLED"        // retried after the wait that was asked for
	CodeLeaseLost          = "LEASE_LOST"       // another job took the namespace over: this run is fenced
	CodeCatalogMismatch    = "CATALOG_MISMATCH" // the worker's catalog gives the model another fingerprint
	CodeTooManyFailedItems = "TOO_MANY_FAILED_ITEMS"
	CodeQuarantine         = "QUARANTINE_NOT_WAIVED" // items without a vector, and nobody waived them
	CodeBlocked            = "PLAN_BLOCKED"          // the plan has blockers
	CodeVerification       = "VERIFICATION_FAILED"
	CodeRouteChanged       = "ROUTE_CHANGED" // somebody else switched the namespace meanwhile
	CodeCanariesChanged    = "CANARIES_CHANGED"
	CodeTimeout            = "JOB_TIMEOUT"
	CodeNotConverging      = "NOT_CONVERGING" // the application writes faster than catch-up follows
)
