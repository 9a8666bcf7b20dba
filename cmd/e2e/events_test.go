package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// TestHistoryStaysShort guards what a job costs the Temporal server: of a million
// items at most a thousand events, its ranges' included, over all passes and the
// verification. How many ranges there are follows from the items and the least
// work of a range alone; so a fiftieth of both has the events of the whole.
func TestHistoryStaysShort(t *testing.T) {
	t.Parallel()
	const scale = 50
	r := newRig(t, setting{items: 1_000_000 / scale, env: []string{fmt.Sprintf("REEMBED_RANGE_ITEMS=%d", 2000/scale)}})
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	s := r.complete(job, "docs")
	require.Equal(t, 3, s.Progress.Pass, "copy, catch-up, verification")

	root, ranges := r.events(job.ID)
	total := sum(root)
	for _, events := range ranges {
		total += sum(events)
	}
	t.Logf("%d events: %d of the job, the rest of %d ranges", total, sum(root), len(ranges))
	for _, kind := range slices.Sorted(maps.Keys(root)) {
		t.Logf("%4d %s", root[kind], kind)
	}
	require.Len(t, ranges, 16+4*4, "forward once for the copy, and twice both ways")
	require.LessOrEqual(t, total, 1000)
}

// events counts the events of a job and of each of its ranges, by type.
func (r *rig) events(job string) (root map[string]int, ranges map[string]map[string]int) {
	r.t.Helper()
	c := r.dial()
	root, ranges = map[string]int{}, map[string]map[string]int{}
	var next []byte
	for {
		// The id of a range is its job's, and more.
		page, err := c.ListWorkflow(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId STARTS_WITH %q", job), NextPageToken: next,
		})
		require.NoError(r.t, err)
		for _, e := range page.GetExecutions() {
			into, id := root, e.GetExecution().GetWorkflowId()
			if strings.HasPrefix(id, job+"/") {
				if ranges[id] == nil {
					ranges[id] = map[string]int{}
				}
				into = ranges[id]
			}
			for _, event := range r.eventsOf(c, id, e.GetExecution().GetRunId()) {
				into[event.GetEventType().String()]++
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return root, ranges
		}
	}
}

func (r *rig) dial() client.Client {
	r.t.Helper()
	c, err := client.Dial(client.Options{HostPort: r.server.Address(), Namespace: devserver.Namespace})
	require.NoError(r.t, err)
	r.t.Cleanup(c.Close)
	return c
}

func (r *rig) eventsOf(c client.Client, id, run string) (events []*historypb.HistoryEvent) {
	r.t.Helper()
	history := c.GetWorkflowHistory(r.t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(r.t, err)
		events = append(events, event)
	}
	return events
}

// verifiedAfterLateWrites looks into the history of a job that lost a worker in
// its copy: a range said until when that one may write, and the verification
// began no sooner.
func (r *rig) verifiedAfterLateWrites(h starter.Handle) {
	r.t.Helper()
	var late, verified time.Time
	values := converter.GetDefaultDataConverter()
	for _, e := range r.eventsOf(r.dial(), h.ID, "") {
		if closed := e.GetChildWorkflowExecutionCompletedEventAttributes(); closed != nil {
			var did workflows.RangeResult
			require.NoError(r.t, values.FromPayloads(closed.GetResult(), &did))
			if did.LateUntil.After(late) {
				late = did.LateUntil
			}
		}
		if ordered := e.GetActivityTaskScheduledEventAttributes(); ordered.GetActivityType().GetName() == "SplitPass" {
			var asked struct{ Task workflows.Task }
			require.NoError(r.t, values.FromPayloads(ordered.GetInput(), &asked))
			if asked.Task == "verify-forward" && verified.IsZero() {
				verified = e.GetEventTime().AsTime()
			}
		}
	}
	require.False(r.t, late.IsZero(), "no range told of the lost worker")
	require.False(r.t, verified.Before(late), "verified at %s, late writes until %s", verified, late)
}

func sum(events map[string]int) (n int) {
	for _, c := range events {
		n += c
	}
	return n
}
