// Package cli is the reembed command. [Run] is the whole program, without the
// process: arguments, environment and streams go in, an exit code comes out.
//
// Each command has a file: an options struct, the flags that fill it, and a
// function run that does the work over package starter, or over the catalog for
// what needs no job (plan, import, search, diff, resolve, catalog check). What
// they share is in few places:
//
//	app.go     streams, environment, the connection, the catalog
//	exit.go    the one table error -> exit code
//	output.go  text for people, JSON for programs
//	progress/  the live bar, human/ the numbers; the demo uses both
//
// Results go to stdout, in the form that -o asks for. Progress, notes and errors
// go to stderr, each error once.
package cli
