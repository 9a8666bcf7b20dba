// Package verify looks for what is wrong in a generation, and changes nothing.
// It shares no code with package reconcile, so that a mistake there is found
// here.
//
//	Forward   walks the source and asks for each item's record
//	Backward  walks the generation, asks for each record's item, reads each vector
//	All       both, over the whole key space
//	Sample    embeds some items again, and searches by what is stored for them
//	Compare   scores models on golden queries
//
// All add up in a [Report]. Forward and Backward look twice at what they find,
// within a page; over a moving store a finding counts for a job only when
// [Both] of two reports have it, with a sync between them.
package verify
