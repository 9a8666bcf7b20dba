// Package inventory finds out what exists of a namespace, whose it is, and what
// is nobody's; and drops that, by name.
//
// A generation is
//
//	active      the route points at it
//	standby     a soak keeps it in step, for a way back
//	in work     a living job makes it: the holder of the lease, or one that waits
//	beginning   before the first route: of the model that the namespace begins with
//	disputed    it holds one side of a conflict that nobody has ended
//	nobody's    none of these: what jobs left that failed, or soaks that are over
//
// What is nobody's is dropped under the namespace's lease, and looked at once
// more under it, so that no job is working on what goes. A job that is started
// meanwhile waits for the lease. The lease of who drops has a bound ([Hold]), by
// which a drop has begun and ended or never does: nobody can be asked whether it lives.
//
// The package knows the roles alone: which jobs live, its callers ask Temporal.
package inventory
