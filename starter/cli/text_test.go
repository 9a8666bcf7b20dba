package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// printed is what an app prints as text.
func printed(t *testing.T, do func(*app) error) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, do(&app{stdout: &out, output: formatText}))
	return out.String()
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	end := begin.Add(95 * time.Second)
	s := workflows.Status{
		Job: "reembed-docs-x", Namespace: "docs", From: "hashing-256", To: "hashing-1024", State: workflows.Completed,
		Phase: workflows.Switched, Priority: "HIGH", StartedAt: begin, FinishedAt: &end,
		Progress: workflows.Progress{ItemsTotal: 8123, Totals: workflows.Counts{Written: 8123, Embedded: 8000, Shared: 123, Requests: 81, Tokens: 1_234_567, Deleted: 2}},
		Verification: &workflows.Verification{
			Items: 8123, Records: 8123,
			Quality: &verify.Quality{Queries: 40, Before: &verify.Scores{NDCG10: 0.5, Recall10: 0.6}, After: verify.Scores{NDCG10: 0.75, Recall10: 0.875}},
		},
		Route: &workflows.Route{Generation: 2, Locator: "docs_x", Model: "hashing-1024"},
	}
	got := printed(t, func(a *app) error { return a.printStatus(s, "http://ui/j") })
	require.Equal(t, `job        reembed-docs-x
namespace  docs
models     hashing-256 to hashing-1024
state      COMPLETED
phase      switched
priority   HIGH
started    `+when(begin)+`
finished   `+when(end)+`, after 1m35s
written    8,123 vectors, 2 deleted, 0 quarantined
embedded   8,000 texts in 81 requests, 1,234,567 tokens; 123 took an equal text's vector
verified   8,123 items, 8,123 records: nothing missing, extra, stale or of another model
quality    nDCG@10 0.750, recall@10 0.875 over 40 queries (before: 0.500, 0.600)
route      generation 2, docs_x, model hashing-1024
web        http://ui/j
`, got)
}

func TestRunningStatusText(t *testing.T) {
	t.Parallel()
	s := workflows.Status{
		Job: "j", Namespace: "docs", To: "large", State: workflows.Running, Phase: workflows.Copying, LastError: "store is away",
		Progress: workflows.Progress{Pass: 1, ItemsDone: 1500, ItemsTotal: 6000, ItemsPerSecond: 300, ETASeconds: 15},
	}
	got := printed(t, func(a *app) error { return a.printStatus(s, "") })
	require.Contains(t, got, "models     to large\n")
	require.Contains(t, got, "retrying   store is away\n")
	require.Contains(t, got, "progress   1,500 of 6,000 items (25%), pass 1, 300/s, ETA 15s\n")
	require.NotContains(t, got, "web")
}

// The guide says that status tells what to do; it told who watched the job only.
func TestFailedStatusTextSaysWhatToDo(t *testing.T) {
	t.Parallel()
	text := func(code string) string {
		s := workflows.Status{Job: "j", State: workflows.Failed, ErrorCode: code, Reason: "two catalogs"}
		return printed(t, func(a *app) error { return a.printStatus(s, "") })
	}
	require.Contains(t, text("CATALOG_MISMATCH"), "to do      Give all workers the same catalog, or start a new job.\n")
	require.NotContains(t, text("TERMINATED"), "to do")
	require.NotContains(t, text(""), "to do")
}

func TestQueueOnAClockThatIsBehind(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Equal(t, "0ms", since(now, activities.SlotRequest{StartedAt: now.Add(time.Hour).UnixMilli()}))
	require.Equal(t, "1h00m", since(now, activities.SlotRequest{StartedAt: now.Add(-time.Hour).UnixMilli()}))
}

func TestQueueText(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000)
	s := workflows.GateState{
		Limit:   2,
		Holders: []activities.SlotRequest{{Job: "a", Namespace: "docs", Priority: 1, StartedAt: now.Add(-time.Minute).UnixMilli()}},
		Waiting: []activities.SlotRequest{{Job: "b", Namespace: "images", Priority: 4, StartedAt: now.Add(-3 * time.Second).UnixMilli()}},
	}
	got := printed(t, func(a *app) error {
		return a.print(s, func(p *layout.Page) { writeQueue(p, s, now) })
	})
	require.Equal(t, `1 of 2 slots taken, 1 waiting
      JOB  NAMESPACE  PRIORITY  SINCE
runs  a    docs       CRITICAL  1m00s
1     b    images     LOW       3s
`, got)
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "3600": 3600, "90m": 5400, "0s": 0, "1h30m": 5400} {
		var s seconds
		require.NoError(t, s.Set(text))
		require.Equal(t, want, *s.value)
	}
	for _, text := range []string{"", "-1", "-5m", "1.5s", "soon", "100000h"} {
		var s seconds
		require.Error(t, s.Set(text), text)
		require.Nil(t, s.value)
	}
}

// Every command says what it is for, and shows how it is called.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		require.NotEmpty(t, c.Short, c.CommandPath())
		if c.Runnable() {
			require.Contains(t, c.Example, "reembed", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if name := sub.Name(); name != "completion" && name != "help" {
				visit(sub)
			}
		}
	}
	root := (&app{output: formatText}).root()
	visit(root)
	for _, name := range strings.Fields("start status list watch cancel queue plan import search diff resolve models catalog dev version") {
		found, _, err := root.Find([]string{name})
		require.NoError(t, err)
		require.Equal(t, name, found.Name())
		require.NotEmpty(t, found.GroupID)
	}
}

func TestRequestFlags(t *testing.T) {
	t.Parallel()
	parse := func(args ...string) (workflows.Request, error) {
		var o requestOptions
		cmd := &cobra.Command{}
		o.addFlags(cmd.Flags())
		require.NoError(t, cmd.ParseFlags(args))
		return o.request(cmd.Flags().Args())
	}
	r, err := parse("docs", "--to", "large", "--priority", "high", "--timeout", "0", "--max-failed-items", "0", "--waive", "a,b", "--waive", "c")
	require.NoError(t, err)
	zero := int64(0)
	require.Equal(t, workflows.Request{
		Namespace: "docs", To: "large", Priority: activities.High, TimeoutSeconds: &zero, MaxFailedItems: &zero,
		Waive: []string{"a,b", "c"},
	}, r)
	r, err = parse("--namespace", "docs", "--to", "large")
	require.NoError(t, err)
	require.Equal(t, workflows.Request{Namespace: "docs", To: "large", Priority: activities.Medium}, r,
		"what is not said is left to the worker")
	for _, args := range [][]string{
		{"--to", "large"},
		{"docs"},
		{"docs", "--namespace", "other", "--to", "large"},
		{"docs", "--to", "large", "--priority", "urgent"},
		{"docs", "--to", "large", "--batch-size", "5000"},
		{"docs", "--to", "large", "--max-failed-items", "-5"},
	} {
		_, err := parse(args...)
		require.ErrorIs(t, err, errUsage, "%v", args)
	}
}

func TestCompletionOfJobs(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	runs := workflows.Status{Job: "reembed-docs-a", Namespace: "docs", From: "s", To: "l", State: workflows.Running, Phase: workflows.Copying, StartedAt: begin}
	over := workflows.Status{Job: "reembed-docs-b", Namespace: "docs", To: "l", State: workflows.Failed, Phase: workflows.Copying, StartedAt: begin}
	require.Equal(t, "docs: s to l, RUNNING (copying), "+when(begin), describeJob(runs))
	require.Equal(t, "docs: to l, FAILED, "+when(begin), describeJob(over))
	require.True(t, offered(runs, "", true))
	require.True(t, offered(runs, "reembed-docs-a", true))
	require.False(t, offered(runs, "reembed-docs-b", false))
	require.True(t, offered(over, "reembed", false), "status shows what is over as well")
	require.False(t, offered(over, "reembed", true), "it can't be cancelled any more")
}
