package backends

import (
	"errors"
	"fmt"
	"time"
)

// The sentinel errors of every role. Callers act on these, never on an error's
// text; drivers wrap them with what, where and what to do. No error carries an
// item's text or a vector.
var (
	// ErrUnavailable: the backend can't be reached or does not answer in time. Retried.
	ErrUnavailable = errors.New("backend unavailable")
	// ErrThrottled: the backend asks to slow down; see [RetryAfter]. Retried.
	ErrThrottled = errors.New("throttled")
	// ErrQuotaExhausted: a paid quota is used up; waiting a little does not help.
	ErrQuotaExhausted = errors.New("quota exhausted")
	// ErrUnauthorized: the credentials were refused.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrNotFound: the named thing does not exist.
	ErrNotFound = errors.New("not found")
	// ErrUnknownModel: the embedder does not know the model.
	ErrUnknownModel = errors.New("unknown model")
	// ErrDimension: a vector has another length than its model or generation declares.
	ErrDimension = errors.New("wrong dimensions")
	// ErrInvalidInput: the input itself is refused, and will be refused again.
	ErrInvalidInput = errors.New("invalid input")
	// ErrInvalidVector: an embedder answered with vectors that must not be stored
	// (NaN, infinite, zero, not normalised as declared, or the wrong number of them).
	ErrInvalidVector = errors.New("invalid vector")
	// ErrConflict: a compare-and-swap lost, or a thing of that name exists with other properties.
	ErrConflict = errors.New("conflict")
	// ErrDamaged: what is stored can't be read as what was written; a person has
	// to mend it, or to restore a backup. Trying again changes nothing.
	ErrDamaged = errors.New("damaged")
	// ErrChangesLost: what changed is not known any more; a full pass finds it. See [Capture].
	ErrChangesLost = errors.New("changes lost")
	// ErrUnsupported: this driver can't do that; trying again changes nothing.
	ErrUnsupported = errors.New("unsupported")
)

// ThrottledError is an [ErrThrottled] that says how long to wait.
type ThrottledError struct {
	After time.Duration // zero when the backend did not say
	Err   error
}

func (e *ThrottledError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("throttled, retry after %s: %v", e.After, e.Err)
	}
	return fmt.Sprintf("throttled: %v", e.Err)
}

// Unwrap makes errors.Is(err, ErrThrottled) true, and keeps the cause.
func (e *ThrottledError) Unwrap() []error { return []error{ErrThrottled, e.Err} }

// RetryAfter returns the wait that the backend asked for, zero when it named none.
func RetryAfter(err error) time.Duration {
	var t *ThrottledError
	if errors.As(err, &t) {
		return t.After
	}
	return 0
}
