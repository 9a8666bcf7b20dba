// Package child runs another program as a child that can't outlive its parent,
// and ends it by its own process id: the dev server and the worker of
// `reembed dev`, of the demo and of the tests.
//
// A child leads a process group of its own, so that Ctrl-C in a terminal reaches
// the parent alone, which then ends its children in order. On Linux the kernel
// kills a child whose parent dies without a word; elsewhere such a child has to
// be ended by hand.
package child
