package temporalmetrics

import (
	"slices"
	"strings"
)

// base are the labels of every metric: the tags that the SDK's clients begin
// with. Those that don't apply have the value "none", which is the SDK's.
var base = []string{"namespace", "client_name", "worker_type", "workflow_type", "activity_type", "task_queue"}

// further are the labels that some metrics have beside base.
var further = map[string][]string{
	"num_pollers":                          {"poller_type"},
	"workflow_task_execution_failed":       {"failure_reason"},
	"activity_execution_failed":            {"failure_reason"},
	"local_activity_execution_failed":      {"failure_reason"},
	"request":                              {"operation"},
	"request_latency":                      {"operation"},
	"request_failure":                      {"operation", "status_code"},
	"request_resource_exhausted":           {"operation", "status_code", "cause"},
	"nexus_poll_no_task":                   nexus,
	"nexus_task_schedule_to_start_latency": nexus,
	"nexus_task_execution_latency":         nexus,
	"nexus_task_endtoend_latency":          nexus,
	"nexus_task_execution_failed":          append(slices.Clone(nexus), "failure_reason"),
}

var nexus = []string{"nexus_service", "nexus_operation"}

// plain are the metrics that have the labels of base and no more.
var plain = []string{
	"workflow_completed", "workflow_canceled", "workflow_failed", "workflow_continue_as_new",
	"workflow_endtoend_latency", "workflow_task_replay_latency", "workflow_task_queue_poll_empty",
	"workflow_task_queue_poll_succeed", "workflow_task_schedule_to_start_latency",
	"workflow_task_execution_latency", "workflow_task_no_completion",
	"activity_poll_no_task", "activity_schedule_to_start_latency", "unregistered_activity_invocation",
	"activity_execution_latency", "activity_succeed_endtoend_latency", "activity_task_error",
	"local_activity_total", "local_activity_canceled", "local_activity_execution_cancelled",
	"local_activity_failed", "local_activity_error", "local_activity_execution_latency",
	"local_activity_succeed_endtoend_latency", "corrupted_signals",
	"worker_start", "worker_task_slots_available", "worker_task_slots_used", "poller_start",
	"sticky_cache_hit", "sticky_cache_miss", "sticky_cache_total_forced_eviction", "sticky_cache_size",
	"workflow_active_thread_count",
}

const prefix = "temporal_"

// all are the labels of a metric that no table knows: one of a later SDK, or of
// a workflow's own.
var all = func() []string {
	labels := slices.Clone(base)
	for _, more := range further {
		labels = append(labels, more...)
	}
	rest := labels[len(base):]
	slices.Sort(rest)
	return append(labels[:len(base)], slices.Compact(rest)...)
}()

// labelsOf returns the labels of the metric that the SDK calls name, and whether
// a table knows it.
func labelsOf(name string) ([]string, bool) {
	key, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return all, false
	}
	if slices.Contains(plain, key) {
		return base, true
	}
	// Of requests there are four families: short and long polls, whole calls and
	// their attempts.
	if request := strings.TrimPrefix(key, "long_"); strings.HasPrefix(request, "request") {
		key = strings.TrimSuffix(request, "_attempt")
	}
	if more, ok := further[key]; ok {
		return append(slices.Clone(base), more...), true
	}
	return all, false
}
