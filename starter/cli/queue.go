package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

func (a *app) queueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "queue", Short: "Show which jobs run and which wait for a slot", GroupID: groupJobs,
		Long: `Queue shows who holds one of the slots, and who waits, in the order in which they
get theirs: by priority, then by start. A namespace has one job at a time.`,
		Example: `  reembed queue
  reembed queue limit 5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runQueue(cmd.Context()) },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "limit N", Short: "Set how many jobs may run at once, over all workers",
		Long: `Limit sets how many jobs may run at once, over all workers. It stays until it is
set again: MAX_CONCURRENT_REEMBED_JOBS counts only for the very first worker. A
smaller limit stops no running job.`,
		Example: "  reembed queue limit 5", Args: needs("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil || n < 1 {
				return usage("limit %q is no number from 1 on", args[0])
			}
			return a.runLimit(cmd.Context(), n)
		},
	})
	return cmd
}

func (a *app) runQueue(ctx context.Context) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	state, err := c.Gate(ctx)
	if err != nil {
		return err
	}
	return a.print(state, func(p *layout.Page) { writeQueue(p, state, time.Now()) })
}

func (a *app) runLimit(ctx context.Context, n int) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetLimit(ctx, n); err != nil {
		return err
	}
	return a.print(map[string]int{"limit": n}, func(p *layout.Page) { p.Line("At most %d jobs run at once.", n) })
}

func writeQueue(p *layout.Page, s workflows.GateState, now time.Time) {
	line := fmt.Sprintf("%d of %d slots taken, %d waiting", len(s.Holders), s.Limit, len(s.Waiting))
	if n := len(s.Parked); n > 0 {
		line += fmt.Sprintf(", %d parked: ready, and without a slot until they may switch", n)
	}
	p.Line("%s", line)
	if len(s.Holders)+len(s.Waiting)+len(s.Parked) == 0 {
		return
	}
	t := p.Table(layout.Column{Title: "", Rank: 1}, layout.Column{Title: "JOB"}, layout.Column{Title: "NAMESPACE", Rank: 2},
		layout.Column{Title: "PRIORITY", Rank: 4}, layout.Column{Title: "SINCE", Rank: 3})
	for _, h := range s.Holders {
		t.Row(layout.Styled{Value: "runs", Style: layout.Good}, h.Job, h.Namespace, priorityName(h.Priority), since(now, h))
	}
	for i, h := range s.Waiting {
		t.Row(strconv.Itoa(i+1), h.Job, h.Namespace, priorityName(h.Priority), since(now, h))
	}
	for _, h := range s.Parked {
		t.Row("parked", h.Job, h.Namespace, priorityName(h.Priority), since(now, h))
	}
}

// since is how long a job is there: by two clocks, of which this one may be behind.
func since(now time.Time, r activities.SlotRequest) string {
	return human.Duration(max(0, now.Sub(time.UnixMilli(r.StartedAt))))
}

// priorityName is the priority of one of Temporal's keys.
func priorityName(key int) string {
	for _, p := range []activities.Priority{activities.Low, activities.Medium, activities.High, activities.Critical} {
		if p.Key() == key {
			return string(p)
		}
	}
	return strconv.Itoa(key)
}
