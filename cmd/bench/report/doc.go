// Package report makes Markdown of measurements: medians with their spread,
// and for each bound whether it was met. It knows nothing of what was measured.
package report
