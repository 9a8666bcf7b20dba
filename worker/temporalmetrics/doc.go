// Package temporalmetrics exports what the Temporal SDK measures of itself to
// Prometheus: a client.MetricsHandler on client_golang.
//
// The SDK tags one metric now with these and now with those tags, while
// Prometheus wants one set of labels per name. So each name has a fixed set of
// labels, from the table in labels.go; a tag that is missing is the empty
// string, and one that the metric's set does not have is left out. Names are
// those of Temporal's documentation (temporal_...), with _total behind a
// counter's and _seconds behind a timer's, as Temporal's own exporter for
// Prometheus does it.
//
// Nothing in here panics: what can't be exported is told to a callback, once per
// name, and not measured.
package temporalmetrics
