// Package corpus makes a searchable corpus of what is on every machine with Go:
// the doc comments of the standard library. There is one item for each package
// and each documented exported symbol in it: functions, types, methods (also
// those of interfaces), constants and variables; about 8,000 of them. The demo
// imports it, and the golden queries ask for its items.
//
//	id       net/http, net/http.Client, net/http.Client.Do
//	text     the declaration as go doc shows it, and the doc comment
//	payload  {"package":"net/http","kind":"method"}
//
// What belongs to the library is what go/build sees for linux/amd64 with cgo,
// whatever machine reads it, outside cmd, internal, vendor and testdata.
// Numbers and texts change with the version of Go; of one version they are the
// same everywhere.
package corpus
