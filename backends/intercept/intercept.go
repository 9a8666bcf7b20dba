package intercept

import "context"

// The roles, as a Call names them.
const (
	RoleEmbedder   = "embedder"
	RoleSource     = "source"
	RoleIndex      = "index"
	RoleGeneration = "generation"
	RoleRegistry   = "registry"
)

// Call is one call of a role. It holds no id, text or vector.
type Call struct {
	Role      string // one of the roles above
	Operation string // the method's name in package backends: "Embed", "ReadPage"
	// Items that the call was given: texts, ids, records; 0 where it was given none.
	Items int
}

// Interceptor runs around a call. It may change the context, call next once or
// not at all, and returns the call's error; whenever that is not nil, the caller
// gets zero values beside it. The number that next returns is of the items that
// the call worked on: those it was given, or, for reads of pages and lists,
// those it returned. Interceptors are called concurrently.
type Interceptor func(ctx context.Context, call Call, next func(context.Context) (items int, err error)) error

// run calls do inside the interceptor. The count of what was returned replaces
// that of what was given where returned is not nil.
func run[T any](ctx context.Context, in Interceptor, call Call, returned func(T) int, do func(context.Context) (T, error)) (T, error) {
	var out T
	err := in(ctx, call, func(ctx context.Context) (int, error) {
		var err error
		out, err = do(ctx)
		if err == nil && returned != nil {
			return returned(out), nil
		}
		return call.Items, err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return out, nil
}

// act is run for methods that return an error alone.
func act(ctx context.Context, in Interceptor, call Call, do func(context.Context) error) error {
	return in(ctx, call, func(ctx context.Context) (int, error) { return call.Items, do(ctx) })
}
