// Package worker is the composition root of the program reembed-worker: it reads
// the configuration, opens the catalog's world, connects to Temporal, runs the
// workers of the three task queues, and serves metrics and health over HTTP.
// [Run] is the whole program, so that tests call it.
//
//	environment, flags -> Config        all mistakes at once; exit code 2
//	catalog file       -> catalog.World opened as needed, every call observed
//	HTTP               listens first    /healthz /readyz /metrics
//	Temporal           asked until it answers; /readyz says 503 meanwhile
//	workers            reembed, reembed-sync, reembed-gate
//	keepGate           starts the gate where there is none, every 10 s
//
// SIGTERM or SIGINT stops it: the workers take nothing new, running segments
// hand back what they have done, and the program ends when they have, at the
// latest after [StopTimeout]. A second signal ends it at once; what was under
// way is then done again by another worker, as after a crash.
//
// The two gauges of jobs are the whole fleet's, asked from the gate: every worker
// exports the same numbers, so read them with max(), never with sum().
//
// The package implements the small observer interfaces of the layers below.
// Nothing below knows Prometheus.
package worker
