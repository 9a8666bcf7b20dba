// Package storm holds the storm: an application that goes on writing and
// searching while its namespace is moved from model to model and back, and
// while something breaks every few seconds.
//
//	writers   insert, edit, delete, re-create ... with the application's own SQL
//	readers   search by the route, all the time, and check every answer
//	hits      worker or server killed, provider refuses or hangs, store locked, a burst of writes
//	life      copy, manual switch, soak, rollback, a second switch, soak, retire, over and over
//	verifier  when the writers rest: every item, every record, every vector
//
// Writers are of each kind: on a table whose application writes texts alone; on one
// whose application embeds as well, where one writer is still on the old model for
// a while behind each switch; and, in memory, on a table whose payloads are copied,
// and on a self-contained namespace, whose late writer goes on in the old collection.
//
// All of it is real: the dev server and the workers are processes, and are killed
// as such; the store is a file that application, readers and workers open at once;
// the models are a provider's, behind HTTP. Where the store is memory the workers are
// the same program inside of the test, and are cut off instead.
//
// No search may see an error, an id that never was, or a vector of another space
// than its query's: each score has to be that of a text which the item once had,
// embedded by the model of the route. Items that are never written again
// have to be found by their text, first, at every moment.
//
// The verifier shares no code with sync or verification: it reads the tables with
// SQL, hashes texts itself, and asks providertest for the vector of each text. It
// finds what is missing, extra, stale, wrong, of another model, or has another
// payload; its own test spoils rows in each of these ways.
//
// `make storm` runs it for 30 s, STORM=10m for longer. It prints its seed, what
// happened each second, and one line of totals. A failing run says which id is
// wrong, how, and all that was ever written to it, as hashes. A seed gives the
// same writes and hits in the same order; how they meet is up to the machine.
package storm
