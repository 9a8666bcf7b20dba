// Package weighed bounds what requests to embedders hold in memory. A text on
// its way to a provider stands there several times - as it was read, as JSON, in
// what the connection sends - and its vector comes back in a text too. A request
// of ordinary texts weighs next to nothing; one of texts of 10 MB weighs more
// than all the rest of a worker, and many at once fill the machine.
package weighed
