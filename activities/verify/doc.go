// Package verify looks for what is wrong in a generation, and changes nothing.
// It shares no code with package reconcile, so that a mistake there is found
// here. [Forward] walks the source and asks for each item's record, [Backward]
// walks the generation and asks for each record's item; Sample embeds again
// and searches for what it sampled; Quality compares two models on golden
// queries. All add up in a [Report].
package verify
