// Package golden holds questions to the demo's corpus with the items that
// answer them, by which models are compared: as a Go developer would ask them,
// judged by hand. An item of relevance 2 answers the question, one of relevance
// 1 helps. Only symbols that have been in Go for long are judged.
//
//	queries.jsonl  {"id","text"}
//	qrels.tsv      query, document, relevance; with the header of the BEIR collection
//
// The questions were written before the embedder's weights were set, and are
// not changed to please it.
package golden
