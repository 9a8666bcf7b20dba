// Package patient sits out an embedder's short trouble: a request that was
// throttled, or that found its server unavailable, is sent again after a growing
// wait, so that one refusal among many requests does not throw away the others'
// answers. Long trouble stays the caller's, who has more time.
package patient
