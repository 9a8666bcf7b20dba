// Package reconcile makes a generation right: it is the engine behind every
// sync activity, `reembed import` and `reembed diff --repair`. It knows the
// roles of package backends, and nothing of Temporal, jobs or catalogs.
//
// [Forward] walks a range of the source and embeds what the generation lacks;
// [Backward] walks a range of the generation and deletes what the source no
// longer has. Both are idempotent: running one again, or two at once, changes
// nothing that is right.
//
// [Sweep] merges two collections of a self-contained namespace, which applications
// write both of: it decides by what each side says, and by the base that both last
// agreed on, and carries changes through the same pipeline. [Keep] ends a conflict
// by a person's word, [Put] is Forward over items at hand.
//
// Forward is a pipeline. Pages are read ahead, their items' stamps looked up,
// and what is dirty is packed into requests that are embedded concurrently:
//
//	reader -> packer -> embedders (Concurrency) -> writer
//	   ^                                             |
//	   +------- memory of a page given back ---------+
//
// The writer alone writes, quarantines and moves the watermark: the cursor
// behind the contiguous prefix of pages that are done. Whatever stops a run, a
// later one may start at the last watermark, or anywhere before it.
package reconcile
