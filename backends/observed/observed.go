package observed

import (
	"context"
	"errors"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

// Observer is told of each call once, after it. Role and operation come from
// small fixed sets (see package intercept) and may be labels; what ended the
// call may not, [Class] of it may. Items is the number of texts, ids or records
// that were given, or, of reads of pages and lists, returned. Implementations
// are safe for concurrent use.
type Observer interface {
	Observe(role, operation string, items int, took time.Duration, err error)
}

// Embedder tells o of every call of e.
func Embedder(e backends.Embedder, o Observer) backends.Embedder {
	return intercept.Embedder(e, tell(o))
}

// Source tells o of every call of s.
func Source(s backends.Source, o Observer) backends.Source { return intercept.Source(s, tell(o)) }

// Index tells o of every call of i and of its generations.
func Index(i backends.Index, o Observer) backends.Index { return intercept.Index(i, tell(o)) }

// Registry tells o of every call of r.
func Registry(r backends.Registry, o Observer) backends.Registry {
	return intercept.Registry(r, tell(o))
}

func tell(o Observer) intercept.Interceptor {
	return func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
		begun := time.Now()
		items, err := next(ctx)
		o.Observe(call.Role, call.Operation, items, time.Since(begun), err)
		return err
	}
}

// classes orders the sentinels: what an error says about the call before what
// it says about the world.
var classes = []struct {
	err  error
	name string
}{
	{context.Canceled, "cancelled"},
	{context.DeadlineExceeded, "deadline"},
	{backends.ErrThrottled, "throttled"},
	{backends.ErrQuotaExhausted, "quota_exhausted"},
	{backends.ErrUnauthorized, "unauthorized"},
	{backends.ErrUnknownModel, "unknown_model"},
	{backends.ErrDimension, "dimension"},
	{backends.ErrInvalidVector, "invalid_vector"},
	{backends.ErrInvalidInput, "invalid_input"},
	{backends.ErrDamaged, "damaged"},
	{backends.ErrChangesLost, "changes_lost"},
	{backends.ErrConflict, "conflict"},
	{backends.ErrNotFound, "not_found"},
	{backends.ErrUnsupported, "unsupported"},
	{backends.ErrUnavailable, "unavailable"},
}

// Class is an error in one word of a small fixed set, fit for a label: "ok" for
// nil, the sentinel's name in snake case, "cancelled" or "deadline" for those of
// the context, "other" for the rest.
func Class(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return "other"
}
