// Package hashing is the built-in embedder: it turns texts into vectors on this
// machine, without a model file, a network or a key. What it finds are texts
// that share words, parts of identifiers and spellings; it knows no synonyms.
//
// It is feature hashing as in Weinberger, Dasgupta, Langford, Smola and
// Attenberg, "Feature Hashing for Large Scale Multitask Learning" (ICML 2009):
// each feature of a text is hashed to one of the vector's dimensions and to a
// sign, and its weight is added there. The signs make collisions cancel on
// average, so that the inner product of two vectors estimates that of the
// unhashed ones, with an error that shrinks as the dimensions grow. The
// features are
//
//   - words: lower-cased, identifiers split at their humps, with a light stem;
//     stop words are left out unless a text has nothing else;
//   - pairs of neighbouring words;
//   - character n-grams of each word between boundary marks, as in Bojanowski,
//     Grave, Joulin and Mikolov, "Enriching Word Vectors with Subword
//     Information" (TACL 2017), so that related spellings come near.
//
// A feature counts 1+ln(n) times when it occurs n times. Vectors have unit
// length. No statistics of a corpus are used, so a vector depends on its text
// and the dimensions alone. Weights are added up as integers, and what follows
// is correctly rounded by IEEE 754, so vectors are the same on every machine,
// bit by bit.
package hashing
