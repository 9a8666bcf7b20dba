// Package builtin has the drivers of this repository, as the catalog names
// them, and the keys that each of them reads. It is the one place that knows
// both the catalog and the drivers.
package builtin
