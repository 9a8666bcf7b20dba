// Package backends holds the roles that reembed asks of the world, and the
// values that travel between them. Everything durable lives behind a role:
//
//	Source    the items: id, text, payload          read by ranges of keys
//	Index     the generations of a namespace        create, open, finish, drop
//	Generation one model's vectors, with stamps     read, upsert, delete, search
//	Embedder  texts -> vectors of one model
//	Registry  small versioned records               compare-and-swap
//
// A vector is right when it carries the right [Stamp]: the hash of the text it
// was made from, and the fingerprint of the model that made it. Nothing else -
// no counter, cursor or heartbeat - is ever taken as proof.
//
// The package imports the standard library only. It knows neither Temporal nor
// Prometheus, and no database's client type crosses its interfaces. Drivers
// live in stores/<driver> and embedders/<driver>; decorators, one concern each,
// in observed, faulty, weighed and patient. Abilities that only some drivers have
// are interfaces of their own, found through decorators with [As].
package backends
