package backends

// As finds an ability or a concrete type behind decorators: it returns the
// first value along the Unwrap chain of v that is a T. A driver hands out an
// ability that only some of its values have in the same way.
//
//	w, ok := backends.As[backends.ItemWriter](source)
func As[T any](v any) (T, bool) {
	for v != nil {
		if t, ok := v.(T); ok {
			return t, true
		}
		u, ok := v.(interface{ Unwrap() any })
		if !ok {
			break
		}
		v = u.Unwrap()
	}
	var zero T
	return zero, false
}
