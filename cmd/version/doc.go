// Package version says which build of reembed is running, for all programs of
// this repository.
package version
