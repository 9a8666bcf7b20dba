// Package environ is a program's environment as a value, so that tests and
// parents of other programs give one of their own.
package environ
