// Package bareloop is what reembed is measured against: the fastest plain Go
// program that we could write for the same work. It reads the items with one
// query, embeds them in requests of the same size, as many at once, and writes
// vectors and stamps in large transactions through one prepared statement.
//
// It keeps no cursor, looks no stamp up, can't be stopped and goes on nowhere:
// a crash begins again. It verifies nothing and switches nothing. It knows the
// embedder by the same catalog, so that what is asked is the same, and the
// tables by SQL of its own.
package bareloop
