// Package cli is the reembed command. [Run] is the whole program, without the
// process: arguments, environment and streams go in, an exit code comes out.
//
// Each command has a file: an options struct, the flags that fill it, and a
// function run that does the work over package starter, or over the catalog for
// what needs no job (plan, import, search, diff, resolve, models, catalog check).
// What they share is in few places:
//
//	app.go     streams, environment, the connection, the catalog
//	active.go  a namespace's active generation, opened; sync.go makes it right
//	exit.go    the one table error -> exit code
//	complete.go, environment.go  what the shell offers; the variables that are read
//	output.go  text for people, JSON for programs
//	layout/    names with values and tables, in the width and colours of a terminal
//	progress/  the live bar, human/ the numbers; the demo uses both
//
// The exit codes are a public contract, as is the JSON of -o json, whose shapes
// are the structs of the commands' files:
//
//	  0  done
//	  1  the job failed, a check found something, or anything else
//	  2  wrong arguments, catalog, request or input file, or a name that the catalog
//	     does not have
//	  3  no such job or route, or a store or provider does not have what is asked for
//	  4  Temporal, a worker, a store or a provider does not answer
//	  5  the job was cancelled
//	  6  it exists already, is over already, or another one was faster
//	  7  the credentials are refused
//	130  interrupted
//
// Results go to stdout, in the form that -o asks for. Progress, notes and errors
// go to stderr, each error once.
package cli
